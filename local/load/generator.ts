import { Agent, type IncomingMessage, request } from 'node:http';
import { filesOf, linksOf } from './page.ts';
import { Counter, type Tally } from './tally.ts';

export interface LoadOptions {
  /** The application's address. */
  readonly url: string;
  /** Requests per second, begun whether or not earlier ones were answered. */
  readonly rate: number;
  /** Paths that answer GET; pages that they lead to are found and added. */
  readonly paths: readonly string[];
  /** A regular expression for what names the release in a page or a JSON answer. Given, each request is told of, not only counted. */
  readonly version?: string;
}

/** What became of one request. */
export interface RequestRecord {
  /** When it was begun, milliseconds since the epoch. */
  readonly at: number;
  /** Milliseconds until its end. */
  readonly ms: number;
  readonly path: string;
  /** Of the application's answer. */
  readonly status?: number;
  /** Why there was none. */
  readonly lost?: string;
  /** The release that the answer names. */
  readonly version?: string;
}

/** Milliseconds after which a request counts as lost. */
const TIMEOUT = 10_000;
const TICK = 5;
/**
 * Connections that are kept, at most. Far more than a healthy application needs at this rate, so that a slow answer delays
 * itself and not the requests behind it: a request that waits in this program for a connection says nothing about the application.
 */
const KEPT = 500;
/** Every so manieth request comes over a connection of its own. */
const FRESH_EVERY = 5;
/** In every so manieth round over the pages each is loaded whole, with its static files. */
const WHOLE_EVERY = 8;
const MOST_PAGES = 40;
/** Answers of the load balancer itself, not of the application: Application Load Balancers say so in this header. */
const BALANCER = /^awselb\//;
const HTML = /^text\/html/;
const READABLE = /^(?:text\/html|application\/json)/;

type Answer = { readonly status: number; readonly body: string } | undefined;

/** Sends requests at a steady rate and counts what becomes of each. */
export class Generator {
  readonly #base: URL;
  readonly #rate: number;
  readonly #pages: string[];
  readonly #known: Set<string>;
  readonly #counter = new Counter();
  readonly #kept = new Agent({ keepAlive: true, maxSockets: KEPT, scheduling: 'fifo' });
  readonly #fresh = new Agent({ keepAlive: false });
  readonly #running = new Set<Promise<void>>();
  readonly #version: RegExp | undefined;
  #records: RequestRecord[] = [];
  #timer: NodeJS.Timeout | undefined;
  #begun = 0;

  constructor({ url, rate, paths, version }: LoadOptions) {
    this.#base = new URL(url);
    this.#rate = rate;
    this.#version = version === undefined ? undefined : new RegExp(version);
    this.#pages = paths.length > 0 ? [...paths] : ['/'];
    this.#known = new Set(this.#pages);
  }

  /** Finds the pages that the given ones lead to, then begins. */
  async start(): Promise<void> {
    for (const path of this.#pages) await this.#discover(path);
    const start = performance.now();
    let due = 0;
    this.#timer = setInterval(() => {
      due = ((performance.now() - start) * this.#rate) / 1000;
      for (; this.#begun < due; this.#begun++) this.#begin(this.#begun);
    }, TICK);
  }

  /** Begins no more and waits for the last answer. */
  async stop(): Promise<Tally> {
    clearInterval(this.#timer);
    while (this.#running.size > 0) await Promise.all(this.#running);
    this.#kept.destroy();
    this.#fresh.destroy();
    return this.#counter.view();
  }

  view(): Tally {
    return this.#counter.view();
  }

  /** What was recorded since this was last called. */
  takeRecords(): RequestRecord[] {
    const records = this.#records;
    this.#records = [];
    return records;
  }

  #begin(index: number): void {
    const path = this.#pages[index % this.#pages.length] ?? '/';
    const round = Math.floor(index / this.#pages.length);
    const fresh = (index + round) % FRESH_EVERY === 0;
    const visit = this.#visit(path, fresh ? this.#fresh : this.#kept, round % WHOLE_EVERY === 0);
    this.#running.add(visit);
    void visit.finally(() => this.#running.delete(visit));
  }

  async #visit(path: string, agent: Agent, whole: boolean): Promise<void> {
    const answer = await this.#get(path, agent);
    if (!whole || answer?.status !== 200 || !answer.body) return;
    const files = filesOf(answer.body, new URL(path, this.#base));
    const answers = await Promise.all(files.map(async (file) => ({ file, answer: await this.#get(file, agent) })));
    this.#counter.page();
    for (const { file, answer: one } of answers)
      if (one && one.status >= 400) this.#counter.miss(`${one.status} ${file}`);
  }

  async #discover(path: string): Promise<void> {
    const answer = await this.#get(path, this.#fresh);
    if (answer?.status !== 200) return;
    for (const link of linksOf(answer.body, new URL(path, this.#base))) {
      if (this.#known.has(link) || this.#known.size >= MOST_PAGES) continue;
      this.#known.add(link);
      // Only what answers now is asked for later: a dead link is no sign of a bad release.
      if ((await this.#get(link, this.#fresh))?.status === 200) this.#pages.push(link);
    }
  }

  /** One request; its body is kept only if it is HTML. Undefined: lost, and counted so. */
  #get(path: string, agent: Agent): Promise<Answer> {
    this.#counter.send();
    const at = Date.now();
    const record = (end: Pick<RequestRecord, 'status' | 'lost' | 'version'>): void => {
      if (this.#version) this.#records.push({ at, ms: Date.now() - at, path, ...end });
    };
    return new Promise((resolve) => {
      const lose = (why: string): void => {
        this.#counter.lose(why);
        record({ lost: why });
        resolve(undefined);
      };
      const outgoing = request(new URL(path, this.#base), { agent, headers: { accept: 'text/html,*/*' } });
      const deadline = setTimeout(() => outgoing.destroy(new Error(`no answer in ${TIMEOUT / 1000} s`)), TIMEOUT);
      let settled = false;
      const once = (action: () => void): void => {
        if (settled) return;
        settled = true;
        clearTimeout(deadline);
        action();
      };
      const fail = (error: NodeJS.ErrnoException): void => once(() => lose(error.code ?? error.message));
      outgoing.once('error', fail);
      outgoing.once('response', (response: IncomingMessage) => {
        const status = response.statusCode ?? 0;
        const type = response.headers['content-type'] ?? '';
        const kept = this.#version ? READABLE.test(type) : HTML.test(type);
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => kept && chunks.push(chunk));
        response.once('error', fail);
        response.once('end', () =>
          once(() => {
            if (status >= 500 && BALANCER.test(String(response.headers.server)))
              return lose(`${status} of the load balancer`);
            this.#counter.answer(status);
            const text = Buffer.concat(chunks).toString();
            const version = this.#version?.exec(text)?.[0];
            record({ status, ...(version === undefined ? {} : { version }) });
            resolve({ status, body: HTML.test(type) ? text : '' });
          }),
        );
        response.once('close', () => once(() => lose('answer cut off')));
      });
      outgoing.end();
    });
  }
}
