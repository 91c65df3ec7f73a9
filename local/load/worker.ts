// The load's own thread: what the local cloud computes meanwhile does not delay a request.
import { parentPort, workerData } from 'node:worker_threads';
import { Generator, type LoadOptions, type RequestRecord } from './generator.ts';
import type { Tally } from './tally.ts';

/** What the thread tells. */
export interface LoadMessage {
  readonly kind: 'running' | 'view' | 'ended';
  readonly tally: Tally;
  /** What was recorded since the last message. */
  readonly records: readonly RequestRecord[];
}

const VIEW_EVERY = 100;

const options: LoadOptions = workerData;
const generator = new Generator(options);
const tell = (kind: LoadMessage['kind'], tally: Tally): void =>
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window's
  parentPort?.postMessage({ kind, tally, records: generator.takeRecords() } satisfies LoadMessage);

parentPort?.once('message', () => {
  void generator.stop().then((tally) => {
    tell('ended', tally);
    parentPort?.close();
    return process.exit();
  });
});
await generator.start();
tell('running', generator.view());
setInterval(() => tell('view', generator.view()), VIEW_EVERY);
