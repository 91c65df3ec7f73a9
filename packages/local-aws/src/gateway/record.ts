/** The record of calls: one JSON object a line. */

import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { dirname } from 'node:path';
import type { OperationModel } from '../protocol/model.ts';
import type { Structure } from '../protocol/values.ts';
import { mask } from './mask.ts';

/** One call. Service and operation are named as botocore names them, members as AWS's models do; secrets are masked. */
export interface CallRecord {
  /** When it arrived, ISO 8601. */
  readonly at: string;
  /** `app/<id>` of the user agent, else its product. */
  readonly caller: string;
  /** The whole user agent, as CloudTrail keeps it. */
  readonly agent: string;
  /** ARN of the session whose keys it was made with, of a role that was taken; absent: the caller's own. */
  readonly session?: string;
  readonly service: string;
  readonly operation: string;
  readonly params: Structure;
  /** HTTP status; 0 when the connection was cut by a fault. */
  readonly status: number;
  readonly error?: { readonly code: string; readonly message: string };
  /** What an SDK reads from the answer; null for an error, and where the body is not looked at (S3). */
  readonly response: Structure | null;
  /** Milliseconds from its arrival to its answer. */
  readonly ms: number;
  /** Ids of the injected faults that it met. */
  readonly faults?: readonly string[];
}

/** A call before it is masked. */
export interface RawRecord extends Omit<CallRecord, 'service' | 'operation'> {
  readonly operation: OperationModel;
}

export class CallRecorder {
  readonly #file: WriteStream;
  readonly #listeners = new Set<(call: CallRecord) => void>();
  #failure: Error | undefined;

  /** Begins the file again: it holds the calls of one run. */
  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true });
    this.#file = createWriteStream(path, { flags: 'w' });
    this.#file.on('error', (error) => {
      this.#failure = error;
    });
  }

  add({ operation, ...call }: RawRecord): void {
    const record: CallRecord = {
      at: call.at,
      caller: call.caller,
      agent: call.agent,
      ...(call.session === undefined ? {} : { session: call.session }),
      service: operation.service.name,
      operation: operation.name,
      params: mask(operation.input, call.params),
      status: call.status,
      ...(call.error === undefined ? {} : { error: call.error }),
      response: call.response === null ? null : mask(operation.output, call.response),
      ms: Math.round(call.ms * 100) / 100,
      ...(call.faults === undefined || call.faults.length === 0 ? {} : { faults: call.faults }),
    };
    // A call that was under way when the gateway was closed is told of, but the file is finished.
    if (!this.#file.writableEnded) this.#file.write(`${JSON.stringify(record)}\n`);
    for (const listener of this.#listeners) listener(record);
  }

  /** Tells of every call from now on. @returns ends it */
  listen(listener: (call: CallRecord) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Waits until all that was recorded is in the file. @throws {Error} when the file cannot be written */
  async flush(): Promise<void> {
    await new Promise<void>((resolve) => {
      if (this.#failure !== undefined || this.#file.writableEnded) resolve();
      else this.#file.write('', () => resolve());
    });
    if (this.#failure !== undefined) throw this.#failure;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#file.once('close', resolve);
      this.#file.end();
      if (this.#file.closed) resolve();
    });
  }
}
