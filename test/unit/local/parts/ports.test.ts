import { createServer, type Server } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { freePort, PortChoice } from '../../../../local/parts/ports.ts';

let server: Server | undefined;
afterEach(() => server?.close());

async function occupied(): Promise<number> {
  const port = await freePort();
  server = createServer();
  await new Promise<void>((resolve) => server?.listen(port, '127.0.0.1', resolve));
  return port;
}

test('a port that was asked for and is in use is refused with what to do', async () => {
  const port = await occupied();
  await expect(new PortChoice().asked(port, '--port')).rejects.toThrow(
    `Port ${port} is in use (or not allowed): end what listens there, or give another one with --port.`,
  );
});

test('a preferred port that is in use gives way', async () => {
  const port = await occupied();
  expect(await new PortChoice().preferred(port)).not.toBe(port);
});

test('no port is given twice, though nothing listens on it yet', async () => {
  const choice = new PortChoice();
  const port = await freePort();
  expect(await choice.asked(port, '--port')).toBe(port);
  expect(await choice.preferred(port)).not.toBe(port);
});
