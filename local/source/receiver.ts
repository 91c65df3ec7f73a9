import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { refusal } from '@farol/local-aws/gateway/door.ts';
import { meantAsVersion, versionProblem } from '#core/contract/version.ts';
import { ROOT } from '../setup.mjs';
import { git } from './git.ts';

/** Builds what was pushed. */
export interface TagBuilder {
  /**
   * @param say one line for the person who pushed
   * @throws {Error} whose message says why nothing was built
   */
  build(repository: string, tag: string, say: (line: string) => void): Promise<void>;
}

/** The local repository that stands for the one at a hosting service: a pushed tag `v*` is built. */
export interface Receiver {
  /** What `git push` is given. */
  readonly remote: string;
  close(): Promise<void>;
}

const NOTHING = /^0+$/;

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
    const phase = [`/${secret}/pre-receive`, `/${secret}/post-receive`].indexOf(request.url ?? '');
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
  for (const hook of ['pre-receive', 'post-receive']) {
    const file = join(folder, 'hooks', hook);
    const words = [
      process.execPath,
      join(ROOT, 'local', 'source', 'hook.mjs'),
      `http://127.0.0.1:${port}/${secret}/${hook}`,
    ];
    writeFileSync(file, `#!/bin/sh\nexec ${words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')}\n`);
    chmodSync(file, 0o755);
  }
  return {
    remote: folder,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Update {
  readonly before: string;
  readonly after: string;
  readonly ref: string;
}

class Pushes {
  readonly #folder: string;
  readonly #builder: TagBuilder;
  #queue: Promise<void> = Promise.resolve();

  constructor(folder: string, builder: TagBuilder) {
    this.#folder = folder;
    this.#builder = builder;
  }

  /** Refuses, before anything is stored, what could not be deployed. */
  async check(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const complaints = (await updates(request)).flatMap(complaint);
    response.writeHead(complaints.length === 0 ? 200 : 422).end(complaints.map((line) => `farol: ${line}\n`).join(''));
  }

  async build(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pushed = await updates(request);
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
    const say = (line: string): void => void response.write(`farol: ${line}\n`);
    for (const { ref, after } of pushed) {
      const tag = /^refs\/tags\/(.+)$/.exec(ref)?.[1];
      if (!tag || NOTHING.test(after) || versionProblem(tag) !== undefined)
        say(`${ref} is ${NOTHING.test(after) ? 'deleted' : 'stored'}; only tags like v1.4.0 are built`);
      else await this.#enqueue(tag, say);
    }
    response.end();
  }

  #enqueue(tag: string, say: (line: string) => void): Promise<void> {
    const after = this.#queue;
    const build = async (): Promise<void> => {
      await after;
      try {
        await this.#builder.build(this.#folder, tag, say);
      } catch (error) {
        say(`${tag} was not built: ${error instanceof Error ? error.message : String(error)}`);
        // The tag can be pushed again when it is mended.
        await git(this.#folder, ['update-ref', '-d', `refs/tags/${tag}`]);
      }
    };
    this.#queue = build();
    return this.#queue;
  }
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
