import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DescribeLoadBalancersCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { GetFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { DescribeStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { CallRecord } from '@farol/local-aws/gateway/record.ts';
import { emulatorSocket, startMinistack } from '@farol/local-aws/ministack.ts';
import { Supervisor } from '@farol/local-aws/supervisor.ts';
import { expect, onTestFinished, test } from 'vitest';
import { type StackPolicy, stackPolicy } from '../../../../infra/environments/immutable-settings.ts';
import { freePort } from '../../../../local/parts/ports.ts';
import { applyServiceStack, type ServiceStack } from '../../../../local/service-stack/apply-service-stack.ts';
import { bootstrap, type Cloud, deployStacks } from '../../../../local/service-stack/deploy-stacks.ts';
import { synthesize } from '../../../../local/service-stack/synthesize.ts';
import type { Template } from '../../../../local/service-stack/template.ts';
import { startPlane } from '../../../../packages/local-aws/test/fixtures/data-plane.ts';
import {
  pythonEnvironment,
  temporaryFolder,
  testGateway,
} from '../../../../packages/local-aws/test/fixtures/gateway.ts';

const place = { accountId: '000000000000', region: 'us-east-1' };

test('the stacks stand on the local cloud: orchestrator deployed, load balancer answering, settings published', {
  timeout: 120_000,
}, async () => {
  const folder = temporaryFolder();
  const plane = startPlane();
  onTestFinished(() => plane.close());
  const socket = emulatorSocket();
  const gateway = await testGateway({ upstream: new URL(`unix:${socket}`), services: plane.services });
  const ministack = await startMinistack(new Supervisor(join(folder, 'logs')), {
    python: pythonEnvironment,
    socket,
    endpointUrl: gateway.url,
    dataDir: join(folder, 'data'),
  });
  onTestFinished(() => ministack.stop());
  const ports = { production: await freePort(), blue: await freePort(), green: await freePort() };
  const cloud: Cloud = { ...place, url: gateway.url, deadlineSeconds: 60 };

  const [assembly] = await Promise.all([
    synthesize({ environmentsModule: 'local/environments.ts', out: join(folder, 'assembly'), ports: [ports] }),
    bootstrap(cloud),
  ]);
  await deployStacks(cloud, assembly);
  const database = { host: '127.0.0.1', port: 5499, name: 'shop', master: { user: 'farol', password: 'p"w' } };
  const [templateFile = ''] = assembly.serviceTemplates;
  const stack = await applyServiceStack({
    templateFile,
    gatewayUrl: gateway.url,
    database,
    timeScale: 30,
  });
  const { settings } = stack;

  const machine = await new SFNClient(gateway.client).send(
    new DescribeStateMachineCommand({
      stateMachineArn: `arn:aws:states:us-east-1:${place.accountId}:stateMachine:farol-release`,
    }),
  );
  expect(machine.definition).toContain(`function:farol-converge:1`);

  const { Parameter } = await new SSMClient(gateway.client).send(
    new GetParameterCommand({ Name: '/farol/targets/web/production' }),
  );
  expect(JSON.parse(Parameter?.Value ?? '')).toEqual(settings);
  expect(settings.infrastructure).not.toHaveProperty('prober');
  expect(settings.services[0]?.environment).toMatchObject({
    POSTGRES_HOST: '127.0.0.1',
    POSTGRES_PORT: '5499',
    POSTGRES_NAME: 'shop',
    POSTGRES_USER: 'web_application',
    POSTGRES_AUTH: 'password',
  });

  const { migrate, plan } = settings.tasks;
  const SecretId = migrate.secrets['POSTGRES_PASSWORD']?.replace(':web_migrator::', '');
  const secret = await new SecretsManagerClient(gateway.client).send(new GetSecretValueCommand({ SecretId }));
  expect(JSON.parse(secret.SecretString ?? '')).toEqual({
    farol: 'p"w',
    web_migrator: expect.stringMatching(/.{20}/),
    web_application: expect.stringMatching(/.{20}/),
    web_planner: expect.stringMatching(/.{20}/),
  });
  expect(settings.services[0]?.secrets).toMatchObject({ POSTGRES_PASSWORD: `${SecretId}:web_application::` });
  expect(migrate).toMatchObject({
    environment: { POSTGRES_USER: 'web_migrator' },
    secrets: { POSTGRES_PASSWORD: `${SecretId}:web_migrator::` },
  });
  expect(plan).toMatchObject({
    environment: { POSTGRES_USER: 'web_planner' },
    secrets: { POSTGRES_PASSWORD: `${SecretId}:web_planner::` },
  });
  const { Configuration } = await new LambdaClient(gateway.client).send(
    new GetFunctionCommand({ FunctionName: settings.database?.function }),
  );
  expect(Configuration?.Environment?.Variables).toMatchObject({
    POSTGRES_HOST: '127.0.0.1',
    POSTGRES_NAME: 'shop',
    POSTGRES_USER: 'farol',
    POSTGRES_OWNER: 'web_owner',
    POSTGRES_PASSWORDS: SecretId,
  });

  const { LoadBalancers } = await new ElasticLoadBalancingV2Client(gateway.client).send(
    new DescribeLoadBalancersCommand({ Names: ['web-production'] }),
  );
  expect(LoadBalancers?.[0]?.LoadBalancerArn).toBe(settings.infrastructure.loadBalancer);
  const answer = await fetch(settings.address);
  expect(answer.status).toBe(503);
  expect(await answer.text()).toBe('Nothing is deployed here yet.');

  await updates(stack, JSON.parse(readFileSync(templateFile, 'utf8')), () => gateway.records());
  expect(gateway.problems).toEqual([]);
});

/** An update calls what CloudFormation calls and no more; under the stack policy, nothing at all. */
async function updates(stack: ServiceStack, template: Template, records: () => Promise<CallRecord[]>): Promise<void> {
  const changed = (type: string, change: (text: string) => string): Template => {
    const [id = '', resource] = Object.entries(template.Resources).find(([, { Type }]) => Type === type) ?? [];
    return { Resources: { ...template.Resources, [id]: JSON.parse(change(JSON.stringify(resource))) } };
  };
  /** Changing calls of an update from the template and back. */
  const callsOf = async (next: Template, policy?: StackPolicy) => {
    const before = (await records()).length;
    const denied = await stack.update(next, policy);
    // Farol's own functions learn of published settings at any time.
    const calls = (await records())
      .slice(before)
      .filter(({ caller }) => !caller.startsWith('farol-'))
      .map(({ caller, operation }) => `${caller} ${operation}`);
    if (denied.length === 0) await stack.update(template);
    return { denied, calls };
  };
  expect(await callsOf(template)).toEqual({ denied: [], calls: [] });
  const idle = changed('AWS::ElasticLoadBalancingV2::LoadBalancer', (text) => text.replace('"60"', '"65"'));
  expect(await callsOf(idle)).toEqual({ denied: [], calls: ['cloudformation ModifyLoadBalancerAttributes'] });
  const denied = await callsOf(idle, stackPolicy(template));
  expect(denied).toEqual({ denied: [expect.stringMatching(/^LoadBalancer/)], calls: [] });
  const insights = changed('AWS::ECS::Cluster', (text) => text.replace('enabled', 'disabled'));
  expect((await callsOf(insights)).calls).toEqual(['cloudformation UpdateCluster']);
  const health = changed('AWS::ElasticLoadBalancingV2::TargetGroup', (text) => text.replace('"/"', '"/other"'));
  expect((await callsOf(health)).calls).toEqual([
    'cloudformation ModifyTargetGroup',
    'cloudformation ModifyTargetGroupAttributes',
  ]);
  const settings = changed('AWS::SSM::Parameter', (text) => text.replace('6000', '7000'));
  expect((await callsOf(settings, stackPolicy(template))).calls).toEqual(['cloudformation PutParameter']);
}
