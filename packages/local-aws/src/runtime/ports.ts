import { createServer } from 'node:net';

/** Ports that no system gives to outgoing connections by itself, so that none is taken between look and use. */
const FIRST = 20_000;
const LAST = 31_999;

/** Gives each task a port of its own that nothing on this machine listens on. */
export class Ports {
  #next: number;

  constructor() {
    this.#next = FIRST + (process.pid % (LAST - FIRST));
  }

  async free(): Promise<number> {
    for (let tried = 0; tried <= LAST - FIRST; tried += 1) {
      const port = this.#next;
      this.#next = port === LAST ? FIRST : port + 1;
      if (await canListen(port)) return port;
    }
    throw new Error(`no port from ${FIRST} to ${LAST} is free`);
  }
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
