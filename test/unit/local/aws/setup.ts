/** What the tests of the local AWS services share: AWS's models, a gateway, a fake upstream. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Gateway, type GatewayOptions, startGateway } from '../../../../local/aws/gateway/gateway.ts';
import type { CallRecord } from '../../../../local/aws/gateway/record.ts';
import { botocoreData, ServiceModels } from '../../../../local/aws/protocol/models.ts';

const root = join(import.meta.dirname, '..', '..', '..', '..');

/** The Python environment that brings AWS's models; `npm start` and `npm test` make it. */
export const pythonEnvironment = process.env['FAROL_PYTHON'] ?? join(root, '.farol', 'python');

export const models = new ServiceModels(botocoreData(pythonEnvironment));

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'farol-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface TestGateway extends Gateway {
  /** What the gateway told people. */
  readonly problems: string[];
  /** Settings for an SDK client: address, region, keys, one attempt. */
  readonly client: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
    readonly maxAttempts: number;
    readonly userAgentAppId: string;
  };
  readonly recordFile: string;
  /** The record's lines so far. */
  records(): Promise<CallRecord[]>;
}

const nowhere = new URL('http://127.0.0.1:9');

/** A gateway that is closed after the test. Its upstream is nothing unless given. */
export async function testGateway(options: Partial<GatewayOptions>): Promise<TestGateway> {
  const recordFile = options.recordFile ?? join(temporaryFolder(), 'calls.jsonl');
  const problems: string[] = [];
  const services = options.services ?? [];
  const gateway = await startGateway({
    port: 0,
    upstream: nowhere,
    services,
    routes: Object.fromEntries(services.map((service) => [service.service, 'local' as const])),
    models,
    recordFile,
    onProblem: (problem) => problems.push(problem),
    ...options,
  });
  onTestFinished(() => gateway.close());
  return {
    ...gateway,
    problems,
    recordFile,
    client: {
      endpoint: gateway.url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
      userAgentAppId: 'farol-test',
    },
    async records() {
      await gateway.flush();
      const lines = readFileSync(recordFile, 'utf8').split('\n').slice(0, -1);
      return lines.map((line): CallRecord => JSON.parse(line));
    },
  };
}

/** An upstream made of one function; closed after the test. */
export async function fakeUpstream(
  serve: (request: IncomingMessage, body: Buffer, response: ServerResponse) => void,
): Promise<URL> {
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => serve(request, Buffer.concat(chunks), response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  });
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('no address');
  return new URL(`http://127.0.0.1:${bound.port}`);
}
