import { createServer } from 'node:net';
import { FixableError } from '@farol/local-aws/fixable-error.mjs';

const HOST = '127.0.0.1';

/** The port that could be bound: `port` itself, or any free one for 0; undefined: in use. */
function bind(port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(undefined);
      else reject(error);
    });
    server.listen({ host: HOST, port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : undefined));
    });
  });
}

/** A port that nothing listens on now. */
export async function freePort(): Promise<number> {
  const port = await bind(0);
  if (port === undefined) throw new FixableError('No free port on 127.0.0.1.');
  return port;
}

/** Gives out ports, none of them twice: what is given is not listened on at once. */
export class PortChoice {
  readonly #given = new Set<number>();

  /** @throws {FixableError} if the port that a person asked for with a flag is in use */
  async asked(port: number, flag: string): Promise<number> {
    if ((await bind(port)) === undefined) {
      throw new FixableError(
        `Port ${port} is in use (or not allowed): end what listens there, or give another one with ${flag}.`,
      );
    }
    this.#given.add(port);
    return port;
  }

  /** `preferred` if it is free, else any free one. */
  async preferred(preferred: number): Promise<number> {
    const there = this.#given.has(preferred) ? undefined : await bind(preferred);
    const port = there ?? (await freePort());
    if (this.#given.has(port)) return this.preferred(0);
    this.#given.add(port);
    return port;
  }
}
