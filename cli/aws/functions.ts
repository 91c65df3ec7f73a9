import { GetFunctionUrlConfigCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { Sha256 } from '@smithy/core/checksum';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import type { AskFunction } from '../decide.ts';
import { clientConfig } from './clients.ts';

/** As long as a function of Farol may take. */
const LONGEST_MS = 70_000;

/**
 * Asks functions of Farol by their URLs, with requests that the person's credentials sign: so AWS tells the function who
 * asks. Each is asked once: a repeated request is a second one.
 */
export function functionCaller(region: string | undefined): AskFunction {
  return async (name, input) => {
    const lambda = new LambdaClient({
      ...clientConfig(region),
      maxAttempts: 1,
      requestHandler: { requestTimeout: LONGEST_MS, connectionTimeout: 5_000 },
    });
    const { FunctionUrl } = await lambda.send(new GetFunctionUrlConfigCommand({ FunctionName: name }));
    const url = new URL(FunctionUrl ?? '');
    const body = JSON.stringify(input);
    const { method, headers } = await new SignatureV4({
      service: 'lambda',
      region: lambda.config.region,
      credentials: lambda.config.credentials,
      sha256: Sha256,
    }).sign(
      new HttpRequest({
        method: 'POST',
        path: url.pathname,
        headers: { host: url.host, 'content-type': 'application/json' },
        body,
      }),
    );
    const response = await reached(fetch(url, { method, headers, body, signal: AbortSignal.timeout(LONGEST_MS) }));
    return { status: response.status, text: await response.text() };
  };
}

/** What fetch says of a network is in the cause of its error; what to do about it is known by that. */
async function reached(response: Promise<Response>): Promise<Response> {
  try {
    return await response;
  } catch (error) {
    throw error instanceof Error && error.cause instanceof Error ? error.cause : error;
  }
}
