import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { Probe } from '#core/contract/probe.ts';
import type { Answer, Prober } from '#core/ports.ts';

/** Requests made by a target's own `probe` function, which stands in its network. */
export class LambdaProber implements Prober {
  readonly #client: LambdaClient;
  readonly #functionName: string;

  constructor(client: LambdaClient, functionName: string) {
    this.#client = client;
    this.#functionName = functionName;
  }

  async get(url: string, headers: Readonly<Record<string, string>>, timeoutMs: number): Promise<Answer> {
    const { Payload, FunctionError } = await this.#client.send(
      new InvokeCommand({
        FunctionName: this.#functionName,
        Payload: JSON.stringify({ url, headers, timeoutMs }),
      }),
    );
    const text = Payload?.transformToString() ?? '';
    if (FunctionError !== undefined) throw new Error(`${this.#functionName} failed: ${text.slice(0, 500)}`);
    const result = Probe.output.parse(JSON.parse(text));
    if (result.outcome === 'no answer') throw new Error(result.reason);
    const { status, body, ms } = result;
    return { status, body, ms };
  }
}
