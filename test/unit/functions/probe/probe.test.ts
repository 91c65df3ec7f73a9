import { LambdaClient } from '@aws-sdk/client-lambda';
import { HttpResponse } from '@smithy/protocol-http';
import { describe, expect, test } from 'vitest';
import { LambdaProber } from '#aws/lambda-prober.ts';
import { Probe } from '#core/contract/probe.ts';
import type { Prober } from '#core/ports.ts';
import { probe } from '../../../../functions/probe/probe.ts';

/** LambdaProber over a Lambda that runs `probe` with what is reached from inside; and what Lambda was asked. */
function inside(prober: Prober, failure?: string) {
  const paths: string[] = [];
  const client = new LambdaClient({
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    requestHandler: {
      handle: async (request: { path: string; body: string }) => {
        paths.push(request.path);
        const event: unknown = JSON.parse(request.body);
        const result =
          failure === undefined ? await probe(Probe.input.parse(event), prober) : { errorMessage: failure };
        return {
          response: new HttpResponse({
            statusCode: 200,
            headers: failure === undefined ? {} : { 'x-amz-function-error': 'Unhandled' },
            body: new TextEncoder().encode(JSON.stringify(result)),
          }),
        };
      },
    },
  });
  return { prober: new LambdaProber(client, 'farol-probe-web-production'), paths };
}

const REQUEST = ['http://internal:8081/version', { host: 'shop.example' }, 5000] as const;

describe('a request from inside a target’s network', () => {
  test('is the one that was asked for, and its answer comes back whole', async () => {
    const asked: unknown[] = [];
    const { prober, paths } = inside({
      get: async (...request) => {
        asked.push(request);
        return { status: 200, body: '{"version":"v1.4.0"} é', ms: 12.5 };
      },
    });
    expect(await prober.get(...REQUEST)).toEqual({ status: 200, body: '{"version":"v1.4.0"} é', ms: 12.5 });
    expect(asked).toEqual([REQUEST]);
    expect(paths).toEqual(['/2015-03-31/functions/farol-probe-web-production/invocations']);
  });

  test('without an answer says why', async () => {
    const { prober } = inside({ get: async () => ({ noAnswer: 'no answer within 5000 ms' }) });
    expect(await prober.get(...REQUEST)).toEqual({ noAnswer: 'no answer within 5000 ms' });
  });

  test('of a function that broke is no answer of the application', async () => {
    const { prober } = inside({ get: () => Promise.reject(new Error('unused')) }, 'Task timed out');
    await expect(prober.get(...REQUEST)).rejects.toThrow('farol-probe-web-production failed');
  });
});
