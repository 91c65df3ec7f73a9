import { createServer } from 'node:http';
import { DescribeClustersCommand, ECSClient } from '@aws-sdk/client-ecs';
import { expect, test } from 'vitest';
import { tokenInUserAgent, underToken } from '../../../../functions/runtime/fencing.ts';

test('every call within an invocation names the token that it is made under, and none outside does', async () => {
  const agents: string[] = [];
  const server = createServer((request, response) => {
    agents.push(request.headers['user-agent'] ?? '');
    response.setHeader('content-type', 'application/x-amz-json-1.1').end('{}');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const client = new ECSClient({
    region: 'eu-west-1',
    endpoint: `http://127.0.0.1:${port}`,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  client.middlewareStack.use(tokenInUserAgent());
  const call = () => client.send(new DescribeClustersCommand({}));
  await Promise.all([underToken(7, call), underToken(8, call), underToken(undefined, call)]);
  client.destroy();
  server.close();
  expect(new Set(agents.map((agent) => /md\/farol-token#(\d+)/.exec(agent)?.[1]))).toEqual(
    new Set(['7', '8', undefined]),
  );
});
