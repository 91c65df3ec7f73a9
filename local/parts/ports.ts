import { createServer } from 'node:net';
import { Problem } from '../problem.mjs';

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
  if (port === undefined) throw new Problem('No free port on 127.0.0.1.');
  return port;
}

/**
 * The port that a person asked for, else `preferred` if it is free, else any free one.
 * @throws {Problem} if the port that was asked for is in use
 */
export async function choosePort(asked: number | null, preferred: number, flag: string): Promise<number> {
  if (asked !== null) {
    if ((await bind(asked)) === undefined) {
      throw new Problem(
        `Port ${asked} is in use (or not allowed): end what listens there, or give another one with ${flag}.`,
      );
    }
    return asked;
  }
  return (await bind(preferred)) ?? freePort();
}
