import { describe, expect, test } from 'vitest';
import { check } from '../../../../cli/deploy/checks.ts';
import type { Finding } from '../../../../cli/deploy/finding.ts';
import { production } from '../../../../infra/environments/environments.ts';
import { parseEnvironments } from '../../../../infra/environments/schema.ts';
import { type AccountState, done, environment, FakeAccount } from '../account.ts';

const STACKS = ['farol-orchestrator', 'web-repository', 'web-pipeline', 'web-starter-service'];

function look(state: Partial<AccountState> = {}, value = environment().value): Promise<Finding[]> {
  return check({ environment: value, stacks: STACKS, bootstrapVersion: 8 }, new FakeAccount(state));
}

const bad = (findings: readonly Finding[]) => findings.filter(({ level }) => level !== 'ok');

test('an account that has everything: all is well, and each thing was looked at', async () => {
  const findings = await look();
  expect(bad(findings)).toEqual([]);
  const looked = new Set(findings.map(({ about }) => about));
  for (const about of [
    'account',
    'region',
    'bootstrap',
    'service-linked role',
    'quota',
    'prefix list',
    'zones of web/starter',
    'database of web/starter',
    'stack web-starter-service',
  ])
    expect(looked).toContain(about);
});

test.each<[string, Partial<AccountState>, string, RegExp, RegExp]>([
  [
    'no bootstrap',
    { bootstrap: undefined },
    'bootstrap',
    /not been set up/,
    /cdk bootstrap aws:\/\/111122223333\/us-east-1/,
  ],
  ['an old bootstrap', { bootstrap: 7 }, 'bootstrap', /version 7, and 8 is needed/, /cdk bootstrap/],
  ['a region that there is not', { region: undefined }, 'region', /no region us-east-1/, /orchestrator\.region/],
  ['a region that is off', { region: 'not-opted-in' }, 'region', /not enabled/, /enable-region/],
  [
    'no role of ECS',
    { missingRoles: ['AWSServiceRoleForECS'] },
    'service-linked role',
    /is missing/,
    /create-service-linked-role/,
  ],
  [
    'no VPC left',
    { quotas: { 'L-F678F1CE': 5 }, used: 5 },
    'quota',
    /VPCs: 5 allowed, 5 in use, 1 needed/,
    /--service-code vpc .*--desired-value 6/,
  ],
  [
    'no room for the roles of a target',
    { quotas: { 'L-FE177D64': 10 } },
    'quota',
    /IAM roles: 10 allowed, 20 needed/,
    /--region us-east-1 --service-code iam .*--desired-value 20/,
  ],
  [
    'too few CPUs for one deployment',
    { quotas: { 'L-3032A538': 1 } },
    'quota',
    /Fargate virtual CPUs: 1 allowed/,
    /--service-code fargate/,
  ],
  ['a zone that is not there', { zones: [] }, 'zones of web/starter', /no zone us-east-1a/, /network\.zones/],
  [
    'a zone that CloudFront does not reach',
    {
      zones: [
        { name: 'us-east-1a', id: 'use1-az3', state: 'available' },
        { name: 'us-east-1b', id: 'use1-az1', state: 'available' },
      ],
    },
    'zones of web/starter',
    /use1-az3/,
    /network\.zones: us-east-1b/,
  ],
  [
    'a prefix list of another region',
    { prefixList: undefined },
    'prefix list',
    /not in this region/,
    /describe-managed-prefix-lists/,
  ],
  [
    "somebody else's prefix list",
    { prefixList: 'com.amazonaws.us-east-1.s3' },
    'prefix list',
    /is com\.amazonaws\.us-east-1\.s3/,
    /edge\.prefixList/,
  ],
  [
    'a database that is not offered',
    { offer: undefined },
    'database of web/starter',
    /no PostgreSQL 18/,
    /database\.version/,
  ],
  [
    'a class in other zones only',
    { offer: { version: '18.3', zones: ['us-east-1f'] } },
    'database of web/starter',
    /0 of the network/,
    /database\.instance/,
  ],
  [
    'an update that goes on',
    { stacks: new Map([['web-pipeline', done({}, 'UPDATE_IN_PROGRESS')]]) },
    'stack web-pipeline',
    /changes it just now/,
    /describe-stacks/,
  ],
  [
    'a way back that failed',
    { stacks: new Map([['web-pipeline', done({}, 'UPDATE_ROLLBACK_FAILED')]]) },
    'stack web-pipeline',
    /way back/,
    /continue-update-rollback/,
  ],
  [
    'a deletion that failed',
    { stacks: new Map([['web-starter-service', done({}, 'DELETE_FAILED')]]) },
    'stack web-starter-service',
    /deleted/,
    /destroy/,
  ],
  [
    'a first making that failed for good',
    { stacks: new Map([['web-pipeline', done({}, 'ROLLBACK_FAILED')]]) },
    'stack web-pipeline',
    /ROLLBACK_FAILED/,
    /delete-stack/,
  ],
  [
    'a target that nobody would serve',
    { stacks: new Map([['shop-live-service', done()]]) },
    'stack shop-live-service',
    /no longer serve/,
    /one environment/,
  ],
])('%s stops it, and says what to do', async (_name, state, about, says, todo) => {
  const failures = (await look(state)).filter(({ level }) => level === 'failure');
  expect(failures.length).toBeGreaterThan(0);
  expect(failures[0]).toMatchObject({ about, says: expect.stringMatching(says), todo: expect.stringMatching(todo) });
});

test('credentials of another account end it at once', async () => {
  const { value } = environment((one) => Object.assign(one.orchestrator, { account: '999999999999' }));
  const findings = await look({}, value);
  expect(findings).toHaveLength(1);
  expect(findings[0]).toMatchObject({ level: 'failure', todo: expect.stringContaining('AWS_PROFILE') });
});

describe('what falls short without stopping it', () => {
  test('fewer CPUs than the most that it scales to', async () => {
    const findings = await look({ quotas: { 'L-3032A538': 2 } });
    expect(bad(findings)).toEqual([
      expect.objectContaining({ level: 'warning', says: expect.stringContaining('cannot scale to its most') }),
    ]);
  });

  test('ten functions at once are enough for one target, and not for three', async () => {
    expect(bad(await look({ concurrency: 10 }))).toEqual([]);
    expect(bad(await look({ concurrency: 3 }))).toEqual([
      expect.objectContaining({ level: 'warning', about: 'quota' }),
    ]);
  });

  test('a connection that waits for its click', async () => {
    const stacks = new Map([['web-pipeline', done({ ConnectionToConfirm: 'arn:connection' })]]);
    const findings = await look({ stacks, connection: { name: 'farol-web', status: 'PENDING' } });
    expect(bad(findings)).toEqual([expect.objectContaining({ level: 'warning', about: 'connection' })]);
  });

  test('what one may not look at', async () => {
    const account = new FakeAccount();
    account.quota = () => Promise.reject(Object.assign(new Error('no'), { name: 'AccessDeniedException' }));
    account.zones = () => Promise.reject(new Error('broken'));
    const findings = await check({ environment: environment().value, stacks: STACKS, bootstrapVersion: 8 }, account);
    expect(bad(findings)).toEqual([
      expect.objectContaining({ level: 'failure', about: 'zones' }),
      expect.objectContaining({ level: 'warning', about: 'quotas', todo: expect.stringContaining('administrator') }),
    ]);
  });
});

test('what is there already is not needed once more', async () => {
  const state = { quotas: { 'L-F678F1CE': 5 }, used: 5, stacks: new Map(STACKS.map((name) => [name, done()])) };
  expect(bad(await look(state))).toEqual([]);
});

test("the example's repository is refused", async () => {
  const { value } = environment((one) =>
    one.pipelines.forEach(({ source }) => Object.assign(source, { repository: 'your-organisation/farol' })),
  );
  expect(bad(await look({}, value))).toEqual([
    expect.objectContaining({ level: 'failure', todo: expect.stringContaining('source.repository') }),
  ]);
});

test('production needs its addresses', async () => {
  const value = parseEnvironments(structuredClone(production));
  const findings = await check(
    { environment: value, stacks: ['web-production-service'], bootstrapVersion: 8 },
    new FakeAccount({ quotas: { 'L-0263D0A3': 5 }, used: 3 }),
  );
  expect(bad(findings)).toContainEqual(
    expect.objectContaining({ says: 'Elastic IP addresses: 5 allowed, 3 in use, 3 needed' }),
  );
});

test('every finding that is not well says what to do', async () => {
  const findings = await look({
    bootstrap: undefined,
    region: undefined,
    zones: [],
    prefixList: undefined,
    offer: undefined,
    concurrency: 0,
    missingRoles: ['AWSServiceRoleForECS'],
    quotas: { 'L-3032A538': 0 },
  });
  expect(bad(findings).length).toBeGreaterThan(6);
  for (const finding of bad(findings)) expect(finding.todo, finding.says).toMatch(/\w{4,}/);
});
