/** MiniStack, the emulator behind the gateway: as a program to run, with its readiness. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { Client } from 'undici';
import { until } from './deadline.ts';
import type { Part, PartSpec, Supervisor } from './supervisor.ts';

export interface MinistackOptions {
  /** The Python environment that MiniStack is installed in, with what requirements.txt names. */
  readonly python: string;
  /** The socket that it listens on, see {@link emulatorSocket}: no browser can reach one, and no other user of the machine. */
  readonly socket: string;
  /** The address that functions are given as AWS's: the gateway's. */
  readonly endpointUrl: string;
  /** A folder for what it writes. Its state is in memory and goes with it. */
  readonly dataDir: string;
  /** Factor for the waits of state machines; 1 keeps them. */
  readonly waitScale?: number;
  /** Milliseconds until it has to be ready. */
  readonly deadline?: number;
}

export interface Ministack extends Part {
  readonly url: URL;
}

function ministackSpec(options: MinistackOptions): PartSpec {
  const { python, socket, endpointUrl, dataDir, waitScale = 1, deadline = 30_000 } = options;
  return {
    name: 'ministack',
    command: join(python, 'bin', 'python'),
    args: [join(import.meta.dirname, 'emulator.py')],
    env: {
      ...withoutAws(process.env),
      // Functions run on the Node that it finds: this one, not an older one of the machine.
      PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
      EMULATOR_SOCKET: socket,
      // The port of the addresses that it answers with.
      GATEWAY_PORT: new URL(endpointUrl).port,
      AWS_ENDPOINT_URL: endpointUrl,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_DEFAULT_REGION: 'us-east-1',
      SFN_WAIT_SCALE: String(waitScale),
      STATE_DIR: join(dataDir, 'state'),
      S3_DATA_DIR: join(dataDir, 's3'),
      TMPDIR: dataDir,
      PYTHONUNBUFFERED: '1',
    },
    ready: /Running on/,
    deadline,
  };
}

/**
 * Starts MiniStack and waits until it answers.
 * @throws {FixableError} when it dies or is not ready within the deadline; its log says why
 */
export async function startMinistack(supervisor: Supervisor, options: MinistackOptions): Promise<Ministack> {
  mkdirSync(options.dataDir, { recursive: true });
  // Its Lambda workers are CommonJS in .js files; a package.json further up may say otherwise.
  writeFileSync(join(options.dataDir, 'package.json'), '{ "type": "commonjs" }\n');
  const url = new URL(`unix:${options.socket}`);
  const part = await supervisor.start(ministackSpec(options));
  try {
    await until(options.deadline ?? 30_000, 'the first answer of MiniStack', () => healthy(url));
  } catch (error) {
    await part.stop();
    throw error;
  }
  return {
    ...part,
    url,
    async stop() {
      await part.stop();
      rmSync(dirname(options.socket), { recursive: true, force: true });
    },
  };
}

/** A new path for its socket, in a folder of this user's own. Short: a socket's path has about a hundred characters. */
export function emulatorSocket(): string {
  return join(mkdtempSync(join(tmpdir(), 'local-aws-')), 'emulator');
}

async function healthy({ pathname: socketPath }: URL): Promise<true | undefined> {
  const client = new Client('http://localhost', { socketPath });
  try {
    const { statusCode, body } = await client.request({
      method: 'GET',
      path: '/_ministack/health',
      signal: AbortSignal.timeout(2000),
    });
    await body.dump();
    return statusCode === 200 ? true : undefined;
  } catch {
    return undefined;
  } finally {
    await client.destroy();
  }
}

/** The environment without a person's own AWS settings: functions inherit what MiniStack has. */
function withoutAws(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('AWS_')));
}
