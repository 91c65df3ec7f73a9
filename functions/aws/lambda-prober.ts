import type { LambdaClient } from '@aws-sdk/client-lambda';
import { Probe } from '#core/contract/probe.ts';
import type { Answer, NoAnswer, Prober } from '#core/ports.ts';
import { invoke } from './invoke.ts';

/** Requests made by a target's own `probe` function, which stands in its network. */
export class LambdaProber implements Prober {
  readonly #client: LambdaClient;
  readonly #functionName: string;

  constructor(client: LambdaClient, functionName: string) {
    this.#client = client;
    this.#functionName = functionName;
  }

  async get(url: string, headers: Readonly<Record<string, string>>, timeoutMs: number): Promise<Answer | NoAnswer> {
    const result = await invoke(this.#client, this.#functionName, { url, headers, timeoutMs }, Probe.output);
    if (result.outcome === 'no answer') return { noAnswer: result.reason };
    const { status, body, ms } = result;
    return { status, body, ms };
  }
}
