/** MiniStack, the emulator behind the gateway: as a program to run, with its readiness. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { until } from '../parts/deadline.ts';
import type { Part, PartSpec, Supervisor } from '../parts/supervisor.ts';

export interface MinistackOptions {
  /** The Python environment that MiniStack is installed in, such as `.farol/python`. */
  readonly python: string;
  /** It listens there, on 127.0.0.1. */
  readonly port: number;
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
  const { python, port, endpointUrl, dataDir, waitScale = 1, deadline = 30_000 } = options;
  return {
    name: 'ministack',
    command: join(python, 'bin', 'python'),
    args: [join(import.meta.dirname, 'emulator.py')],
    env: {
      ...withoutAws(process.env),
      // Functions run on the Node that it finds: this one, not an older one of the machine.
      PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
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
    ready: /Running on http/,
    deadline,
  };
}

/**
 * Starts MiniStack and waits until it answers.
 * @throws {Problem} when it dies or is not ready within the deadline; its log says why
 */
export async function startMinistack(supervisor: Supervisor, options: MinistackOptions): Promise<Ministack> {
  mkdirSync(options.dataDir, { recursive: true });
  // Its Lambda workers are CommonJS in .js files; a package.json further up may say otherwise.
  writeFileSync(join(options.dataDir, 'package.json'), '{ "type": "commonjs" }\n');
  const url = new URL(`http://127.0.0.1:${options.port}`);
  const part = await supervisor.start(ministackSpec(options));
  try {
    await until(options.deadline ?? 30_000, 'the first answer of MiniStack', () => healthy(url));
  } catch (error) {
    await part.stop();
    throw error;
  }
  return { ...part, url };
}

async function healthy(url: URL): Promise<true | undefined> {
  try {
    const answer = await fetch(new URL('/_ministack/health', url), { signal: AbortSignal.timeout(2000) });
    return answer.ok ? true : undefined;
  } catch {
    return undefined;
  }
}

/** The environment without a person's own AWS settings: functions inherit what MiniStack has. */
function withoutAws(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('AWS_')));
}
