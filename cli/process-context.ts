import type { Terminal } from './terminal.ts';

/** What a command has of the process that it runs in. */
export interface ProcessContext {
  readonly terminal: Terminal;
  /** Ctrl-C. */
  readonly interrupted: AbortSignal;
  readonly environment: Readonly<Record<string, string | undefined>>;
}
