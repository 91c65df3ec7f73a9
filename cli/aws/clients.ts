/** What every client of the command is made with; region and credentials left out, those of the environment. */
export interface Place {
  readonly region?: string;
}

/** @param region as given by the person; left out, the SDK's own chain decides */
export function clientConfig(region: string | undefined): Place & { readonly userAgentAppId: string } {
  return { userAgentAppId: 'farol-cli', ...(region !== undefined && { region }) };
}
