import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { refusal } from '@farol/local-aws/gateway/door.ts';
import { meantAsVersion, versionProblem } from '#core/contract/version.ts';
import { ROOT } from '../setup.mjs';
import { askGit, git } from './git.ts';

/** A tag that is about to be stored: the repository has its object, not its reference. */
export interface PushedTag {
  readonly tag: string;
  /** Id of the commit, or of the annotated tag, that it points to. */
  readonly object: string;
  /** Branches of the same push. One that is atomic stores them together with the tag. */
  readonly heads: readonly Head[];
}

interface Head {
  readonly branch: string;
  readonly object: string;
}

/** Builds what was pushed. */
export interface TagBuilder {
  /**
   * @param say one line for the person who pushed
   * @throws {Error} whose message says why nothing was built
   */
  build(repository: string, pushed: PushedTag, say: (line: string) => void): Promise<void>;
}

/** The local repository that stands for the one at a hosting service: a pushed tag `v*` is built. */
export interface Receiver {
  /** What `git push` is given. */
  readonly remote: string;
  close(): Promise<void>;
}

const NOTHING = /^0+$/;

/**
 * What git calls: `pre-receive` once, while the objects are still apart, and `update` for each reference, when the objects are stored
 * and the reference is not. Only until then can git refuse it, so a version is built there (githooks(5)).
 */
const HOOKS = ['pre-receive', 'update'] as const;

/** Makes an empty bare repository in `folder` and builds every version that is pushed to it, one after the other. */
export async function startReceiver(folder: string, builder: TagBuilder): Promise<Receiver> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await git(folder, ['init', '--quiet', '--bare', '--initial-branch=main', '.']);
  // The address cannot be guessed by a web page in a browser on this machine.
  const secret = randomBytes(16).toString('hex');
  const pushes = new Pushes(folder, builder);
  const server = createServer((request, response) => {
    const message = refusal(request);
    const phase = HOOKS.findIndex((hook) => request.url?.split('?')[0] === `/${secret}/${hook}`);
    if (message !== undefined) response.writeHead(403).end(`farol: ${message}\n`);
    else if (phase === 0) void pushes.check(request, response);
    else if (phase === 1) void pushes.build(request, response);
    else response.writeHead(404).end();
  });
  // A build may keep its push waiting longer than any of Node's defaults.
  server.requestTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  for (const hook of HOOKS) {
    const file = join(folder, 'hooks', hook);
    const words = [
      process.execPath,
      join(ROOT, 'local', 'source', 'hook.mjs'),
      `http://127.0.0.1:${port}/${secret}/${hook}`,
    ];
    const command = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
    writeFileSync(file, `#!/bin/sh\nexec ${command} "$@"\n`);
    chmodSync(file, 0o755);
  }
  return {
    remote: folder,
    async close() {
      pushes.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The trailer that tells the hook how a build ended. */
const OUTCOME = 'farol-outcome';
type Outcome = 'stored' | 'refused';

interface Update {
  readonly before: string;
  readonly after: string;
  readonly ref: string;
}

class Pushes {
  readonly #folder: string;
  readonly #builder: TagBuilder;
  #queue: Promise<void> = Promise.resolve();
  readonly #closed = new AbortController();
  /** The branches of each push that is under way, by what the hooks call it. */
  readonly #heads = new Map<string, readonly Head[]>();

  constructor(folder: string, builder: TagBuilder) {
    this.#folder = folder;
    this.#builder = builder;
  }

  /** Refuses, before anything is stored, what could not be deployed. */
  async check(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pushed = await updates(request);
    const heads = pushed.flatMap(({ ref, after }) => {
      const branch = /^refs\/heads\/(.+)$/.exec(ref)?.[1];
      return branch && !NOTHING.test(after) ? [{ branch, object: after }] : [];
    });
    this.#heads.set(pushOf(request), heads);
    const complaints = pushed.flatMap(complaint);
    response.writeHead(complaints.length === 0 ? 200 : 422).end(complaints.map((line) => `farol: ${line}\n`).join(''));
  }

  /** Builds a reference that is a version. Its answer is a failure if it was not built: git then refuses the reference, and the push fails. */
  async build(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', trailer: OUTCOME });
    const say = (line: string): void => void response.write(`farol: ${line}\n`);
    let outcome: Outcome = 'stored';
    for (const { ref, after } of await updates(request)) {
      const tag = /^refs\/tags\/(.+)$/.exec(ref)?.[1];
      const receiver = pushOf(request);
      const heads = this.#heads.get(receiver) ?? [];
      if (!tag || NOTHING.test(after) || versionProblem(tag) !== undefined)
        say(`${ref} is ${NOTHING.test(after) ? 'deleted' : 'stored'}; only tags like v1.4.0 are built`);
      else if (!(await this.#enqueue({ tag, object: after, heads }, receiver, say))) outcome = 'refused';
    }
    response.addTrailers({ [OUTCOME]: outcome });
    response.end();
  }

  /** @returns whether the tag was built */
  #enqueue(pushed: PushedTag, receiver: string, say: (line: string) => void): Promise<boolean> {
    const after = this.#queue;
    const { tag } = pushed;
    const build = async (): Promise<boolean> => {
      await after;
      try {
        await this.#builder.build(this.#folder, pushed, say);
      } catch (error) {
        say(`${tag} was not built: ${error instanceof Error ? error.message : String(error)}`);
        say(`${tag} is not stored: mend that, and push it again`);
        return false;
      }
      void this.#keep(pushed, receiver);
      return true;
    };
    const ended = build();
    this.#queue = ended.then(() => undefined);
    return ended;
  }

  /**
   * Stores a tag that was built and that git did not store in the end: the person interrupted the push, or another reference of an atomic
   * one was refused. Its image is in the registry, so that the tag must stay what it is.
   */
  async #keep({ tag, object }: PushedTag, receiver: string): Promise<void> {
    const signal = this.#closed.signal;
    while (runs(receiver) && !signal.aborted) await delay(100, undefined, { ref: false });
    if (signal.aborted || (await askGit(this.#folder, ['rev-parse', '--verify', '--quiet', `refs/tags/${tag}`])))
      return;
    await git(this.#folder, ['update-ref', `refs/tags/${tag}`, object]);
  }

  /** Nothing is stored any more. */
  close(): void {
    this.#closed.abort();
  }
}

/** Whether a process runs. @param id as the hooks call a push; without one there is nothing to wait for */
function runs(id: string): boolean {
  try {
    return /^[1-9]\d*$/.test(id) && process.kill(Number(id), 0);
  } catch {
    return false;
  }
}

/** What the hooks call a push: the process of git that received it. */
function pushOf({ url = '' }: IncomingMessage): string {
  return new URL(url, 'http://127.0.0.1').searchParams.get('push') ?? '';
}

async function updates(request: IncomingMessage): Promise<Update[]> {
  const lines = (await text(request)).trim().split('\n');
  return lines.flatMap((line) => {
    const [before, after, ref] = line.split(' ');
    return before && after && ref ? [{ before, after, ref }] : [];
  });
}

function complaint({ before, after, ref }: Update): string[] {
  const tag = /^refs\/tags\/(.+)$/.exec(ref)?.[1];
  if (!tag) return [];
  const problem = versionProblem(tag);
  if (problem !== undefined) return NOTHING.test(after) || !meantAsVersion(tag) ? [] : [`${problem}.`];
  if (NOTHING.test(after))
    return [`${tag} cannot be deleted: it names a release that was built. Give the next release a new tag.`];
  if (!NOTHING.test(before))
    return [`${tag} was pushed before, and a version never changes: give the next one a new tag.`];
  return [];
}
