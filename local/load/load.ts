import { Worker } from 'node:worker_threads';
import { within } from '@farol/local-aws/deadline.ts';
import type { LoadOptions, RequestRecord } from './generator.ts';
import { Counter, type Tally } from './tally.ts';
import type { LoadMessage } from './worker.ts';

/** A load that runs until it is stopped. */
export interface Load {
  /** As it stood a moment ago. */
  readonly tally: Tally;
  /** Every request so far, in the order of their ends; none unless the options say what names a release. */
  readonly requests: readonly RequestRecord[];
  /** Begins no more requests, waits for the last answers; called again, gives the same. */
  stop(): Promise<Tally>;
}

/** Starts a steady load; fulfilled once its first requests are on their way. */
export async function startLoad(options: LoadOptions): Promise<Load> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: options });
  let tally = new Counter().view();
  const requests: RequestRecord[] = [];
  const running = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<Tally>();
  ended.promise.catch(() => undefined);
  worker.on('message', (message: LoadMessage) => {
    tally = message.tally;
    for (const record of message.records) requests.push(record);
    if (message.kind === 'running') running.resolve();
    if (message.kind === 'ended') ended.resolve(tally);
  });
  worker.once('error', (error) => {
    running.reject(error);
    ended.reject(error);
  });
  worker.once('exit', () => ended.reject(new Error('the load ended by itself')));
  await within(60_000, 'the start of the load', running.promise);
  let stopping: Promise<Tally> | undefined;
  return {
    get tally() {
      return tally;
    },
    requests,
    stop() {
      if (!stopping) {
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window's
        worker.postMessage('stop');
        stopping = within(30_000, 'the end of the load', ended.promise);
      }
      return stopping;
    },
  };
}
