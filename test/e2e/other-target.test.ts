import { join } from 'node:path';
import { SFNClient } from '@aws-sdk/client-sfn';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { clientOptions } from '@farol/local-aws/aws-side.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { StepFunctionsExecutions } from '#aws/step-functions-executions.ts';
import type { DeploymentRequest } from '#core/contract/ledger.ts';
import { Digest } from '#core/contract/release.ts';
import { type Settings, targetOf } from '#core/contract/settings.ts';
import { settingsParameter } from '#core/contract/target.ts';
import { deploymentName } from '#core/domain/deployment-name.ts';
import { buildImage } from '../../local/image/build.ts';
import { Repository } from '../../local/image/registry.ts';
import { readApplication } from '../../local/source/contract.ts';
import { eventually } from './eventually.ts';
import { type Stage, startStage } from './harness.ts';
import { testPolicies } from './invariants.ts';
import { readLedger } from './ledger.ts';
import { answerAs, makeUser } from './people.ts';

const FIRST = 'v1.0.0';
const UNSEEN = 'v1.0.9';

/** Calls by which something of a target is changed. */
const CHANGES = new Set([
  'CreateService',
  'UpdateService',
  'RunTask',
  'RegisterTaskDefinition',
  'CreateRule',
  'ModifyRule',
  'ModifyTargetGroup',
  'RegisterScalableTarget',
]);

let stage: Stage;
let staging: Settings;
let sfn: SFNClient;
let ssm: SSMClient;
beforeAll(async () => {
  stage = await startStage({ name: 'other-target', rungs: ['first-release'], environments: 'promotion' });
  const [other] = stage.cloud.others;
  if (other === undefined) throw new TypeError('there is one target alone');
  staging = other;
  const mallory = clientOptions(stage.cloud.gateway.url, 'mallory');
  [sfn, ssm] = [new SFNClient(mallory), new SSMClient(mallory)];
  const deployment = await stage.push(FIRST);
  await stage.ended(deployment.replace('web-production-', 'web-staging-'));
  // Production asks about it, and is free once somebody said no.
  await stage.inState(deployment, ['Approve']);
  const bo = await makeUser(stage, 'bo');
  await eventually('the answer', 30, async () => {
    const { done, sentence } = await answerAs(stage, bo, 'reject', deployment);
    return done ? { found: sentence } : { saw: sentence };
  });
  await stage.ended(deployment);
}, 180_000);
afterAll(async () => {
  sfn?.destroy();
  ssm?.destroy();
  await stage?.close();
}, 60_000);

/** Starts an execution as any caller with StartExecution can. @returns why it ended */
async function byHand(settings: Settings, version: string, digest: string, attempt: number): Promise<string> {
  const target = targetOf(settings);
  const image = Digest.parse(digest);
  const request: DeploymentRequest = {
    deployment: deploymentName(target, version, image, attempt),
    kind: 'release',
    target,
    version,
    digest: image,
    attempt,
    cause: 'somebody wants it so',
  };
  const { entries } = await readLedger(stage.cloud.gateway.url, target);
  const changes = changed();
  expect(await new StepFunctionsExecutions(sfn, stage.cloud.stateMachine).start(request)).toBe('started');
  const { status, cause = '' } = await stage.ended(request.deployment);
  expect(status, cause).toBe('FAILED');
  const after = (await readLedger(stage.cloud.gateway.url, target)).entries.slice(entries.length);
  expect(after.map(({ type }) => type)).not.toContain('intent');
  expect(changed()).toBe(changes);
  return cause;
}

/** How many calls have changed something of a target so far. */
function changed(): number {
  return stage.timeline.calls.filter(({ operation, caller }) => CHANGES.has(operation) && caller.startsWith('farol-'))
    .length;
}

async function publish(settings: object): Promise<void> {
  const Name = settingsParameter(targetOf(staging));
  await ssm.send(new PutParameterCommand({ Name, Value: JSON.stringify(settings), Type: 'String', Overwrite: true }));
}

test('a release that was never live in staging does not get to production by an execution that somebody starts', async () => {
  const { repository, tag } = stage.release(FIRST);
  const { author, release, commit } = await readApplication(repository, tag, '');
  const tree = join(stage.logs, '..', 'builds', commit);
  const image = await buildImage({ tree, release, version: UNSEEN, author, commit, build: '' });
  await new Repository(stage.cloud.gateway.url, 'web').push(image, UNSEEN);
  // Staging receives the push and refuses it: no build proves it.
  const heard = deploymentName(targetOf(staging), UNSEEN, Digest.parse(image.digest), 1);
  expect(await stage.ended(heard)).toMatchObject({ error: 'refused' });
  expect(await byHand(stage.cloud.settings, UNSEEN, image.digest, 1)).toContain(
    'This image has never been live on web/staging',
  );
  expect((await stage.ledger()).head.live).toBeUndefined();
});

describe("staging's settings that name what is production's", () => {
  const production = () => stage.cloud.settings;
  test.each<[string, () => object]>([
    ['its whole infrastructure', () => ({ ...staging, infrastructure: production().infrastructure })],
    [
      'its cluster alone',
      () => ({
        ...staging,
        infrastructure: { ...staging.infrastructure, cluster: production().infrastructure.cluster },
      }),
    ],
    [
      'its listener alone',
      () => ({
        ...staging,
        infrastructure: {
          ...staging.infrastructure,
          productionListener: production().infrastructure.productionListener,
        },
      }),
    ],
    ['the roles of its tasks', () => ({ ...staging, tasks: production().tasks })],
    ['its secrets', () => ({ ...staging, services: production().services })],
    ['its database', () => ({ ...staging, database: production().database })],
  ])('%s: are refused with what would be right, and nothing is deployed with them', async (_what, settings) => {
    const told = notices().length;
    const executions = stage.names.size;
    await publish(settings());
    const notice = await eventually('the notice about the settings', 30, async () => {
      const sent = notices().slice(told);
      const found = sent.find((text) => text.includes('/farol/targets/web/staging cannot be used'));
      return found === undefined ? { saw: sent } : { found };
    });
    expect(notice).toContain('nothing was changed');
    expect(notice).toContain('is not of web/staging: it must');
    expect(stage.names.size).toBe(executions);
  });

  test('deploy nothing either when somebody starts an execution for them', async () => {
    await publish({ ...staging, infrastructure: production().infrastructure });
    const digest = stage.digests.get(FIRST) ?? '';
    expect(await byHand(staging, FIRST, digest, 2)).toContain('is not of web/staging: it must be web-staging');
    expect((await stage.ledger()).head.live).toBeUndefined();
  });
});

function notices(): string[] {
  return stage.timeline.calls
    .filter(({ operation }) => operation === 'Publish')
    .map(({ params }) => String(params['Message']));
}

testPolicies(() => stage);
