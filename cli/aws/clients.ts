import { LambdaClient } from '@aws-sdk/client-lambda';

/** What every client of the command is made with; region and credentials left out, those of the environment. */
export interface Place {
  readonly region?: string;
}

/** @param region as given by the person; left out, the SDK's own chain decides */
export function clientConfig(region: string | undefined): Place & { readonly userAgentAppId: string } {
  return { userAgentAppId: 'farol-cli', ...(region !== undefined && { region }) };
}

/** Waits as long as a function of Farol may take, and calls it once: a repeated call is a second one. */
export function functionCaller(region: string | undefined): LambdaClient {
  return new LambdaClient({
    ...clientConfig(region),
    maxAttempts: 1,
    requestHandler: { requestTimeout: 70_000, connectionTimeout: 5_000 },
  });
}
