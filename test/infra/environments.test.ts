import { describe, expect, test } from 'vitest';
import { taskRoleNames } from '#core/contract/target-names.ts';
import { TARGET_ROLE_KINDS, targetRoleName } from '#core/contract/target-roles.ts';
import environments, { promotion, starter } from '../../infra/environments/environments.ts';
import { nearest } from '../../infra/environments/known-keys.ts';
import { EnvironmentsError, parseEnvironments } from '../../infra/environments/schema.ts';
import local from '../../local/environments.ts';
import { environmentsIn, resources, synthesized } from './synthesized.ts';

/** The project's environments with the first target changed. */
function withTarget(change: object): unknown {
  const [target, ...others] = environments.targets;
  return { ...environments, targets: [{ ...target, ...change }, ...others] };
}

function problems(value: unknown): string[] {
  try {
    parseEnvironments(value);
    return [];
  } catch (error) {
    if (!(error instanceof EnvironmentsError)) throw error;
    // What was there is told by wrong-settings.test.ts.
    return error.message.split('\n').map((line) => line.replace(/; got .*$/, ''));
  }
}

describe('environments', () => {
  test('the project’s own and those of one’s own machine are right', () => {
    expect(problems(environments)).toEqual([]);
    expect(problems(starter)).toEqual([]);
    expect(problems(local)).toEqual([]);
  });

  test('what is called production asks people, in each of them', () => {
    const targets = [environments, starter, promotion].flatMap((one) => one.targets);
    const production = targets.filter(({ environment }) => environment === 'production');
    expect(production.length).toBeGreaterThan(1);
    for (const { approval } of production) expect(approval?.timeout).toBe('1d');
  });

  test.each([
    ['at the top', { ...environments, target: [] }, 'environments: unknown key "target"; did you mean "targets"?'],
    [
      'of the orchestrator',
      { ...environments, orchestrator: { ...environments.orchestrator, logRetension: 7 } },
      'orchestrator: unknown key "logRetension"; did you mean "logRetention"?',
    ],
    ['of a target', withTarget({ capasity: 1 }), 'targets.0: unknown key "capasity"; did you mean "capacity"?'],
    [
      'in settings that travel to the functions',
      withTarget({ traffic: [{ weight: 100, bake: '1m', checkEvry: '1m', checkEvery: '1m' }] }),
      'targets.0.traffic.0: unknown key "checkEvry"; did you mean "checkEvery"?',
    ],
    [
      'in one of several forms',
      withTarget({ network: { ...environments.targets[0]?.network, egress: { by: 'nat', gateways: 1, gateway: 2 } } }),
      'targets.0.network.egress: unknown key "gateway"; did you mean "gateways"?',
    ],
  ])('an unknown key %s is refused with the nearest known one', (_where, value, message) => {
    expect(problems(value)).toEqual([message]);
  });

  test('each mistake is one line that names its place', () => {
    expect(problems(withTarget({ warm: '1 hour', health: undefined }))).toEqual([
      'targets.0.health: missing: an object with path, interval, timeout, healthy, unhealthy',
      'targets.0.warm: a time is a number and a unit: 500ms, 30s, 5m, 1h or 14d',
    ]);
  });

  test('names that AWS would refuse later are refused now', () => {
    const { targets } = environments;
    const long = targets.map((target) => ({ ...target, app: 'application', environment: 'production-of-europe' }));
    expect(problems({ ...environments, targets: long, pipelines: [] })).toEqual([
      'targets.0.environment: app, hyphen and environment have 26 characters at most; application-production-of-europe has 32',
    ]);
  });

  test('two targets may not share a name, also where a hyphen makes them look different', () => {
    const [target] = environments.targets;
    const targets = [
      { ...target, app: 'web-eu', environment: 'live' },
      { ...target, app: 'web', environment: 'eu-live' },
    ];
    expect(problems({ ...environments, targets, pipelines: [] })).toEqual([
      'targets.1: a second target is called web-eu-live',
    ]);
  });

  test.each([
    ['reconcileEvery', '30s', 'whole minutes, from 1m to 8h'],
    ['reconcileEvery', '9h', 'whole minutes, from 1m to 8h'],
    ['budget', 0, 'expected more than 0'],
    ['documentation', 'docs/', 'expected an address, as in https://www.example.com'],
  ])('of the orchestrator: %s %s', (member, value, message) => {
    expect(problems({ ...environments, orchestrator: { ...environments.orchestrator, [member]: value } })).toEqual([
      `orchestrator.${member}: ${message}`,
    ]);
  });

  test('ports of one load balancer must differ', () => {
    expect(problems(withTarget({ loadBalancer: { ports: { production: 80, blue: 80, green: 81 } } }))).toEqual([
      'targets.0.loadBalancer.ports: the three ports must differ',
    ]);
  });

  test.each([
    ['health', { interval: '4s', timeout: '2s' }, 'targets.0.health.interval: at least 5s'],
    ['health', { interval: '10s', timeout: '10s' }, 'targets.0.health.timeout: must be shorter than the interval'],
    ['drain', { deregistration: '2h' }, 'targets.0.drain.deregistration: at most 3600s'],
    ['drain', { stopTimeout: '3m' }, 'targets.0.drain.stopTimeout: at most 120s'],
    ['drain', { idle: '2h' }, 'targets.0.drain.idle: at most 4000s'],
    ['health', { path: `/${'a'.repeat(2_000)}` }, 'targets.0.health.path: at most 1024 characters'],
    [
      'analysis',
      { period: '90s' },
      'targets.0.analysis.period: a multiple of 60s: what CloudWatch has of a load balancer',
    ],
    ['analysis', { period: '1.5s' }, 'targets.0.analysis.period: whole seconds'],
    ['analysis', { period: '30s' }, 'targets.0.analysis.period: a multiple of 60s'],
    ['database', { name: 'user' }, 'targets.0.database.name: PostgreSQL reserves the word user: take another name'],
    [
      'database',
      { name: 'rdsadmin' },
      'targets.0.database.name: every PostgreSQL of RDS has a database rdsadmin already: take another name',
    ],
    [
      'database',
      { storageMaxGiB: 22, storageGiB: 21 },
      'targets.0.database.storageMaxGiB: at least a tenth more than storageGiB',
    ],
  ] as const)('bounds of AWS: %s %o', (member, change, message) => {
    const [target] = environments.targets;
    const found = problems(withTarget({ [member]: { ...target?.[member], ...change } }));
    expect(found.map((text) => text.replace(/; got .*/, ''))).toContain(message);
  });

  test.each([
    [{ warm: '1000000000d' }, 'targets.0.warm: at most 14d'],
    [{ traffic: [{ weight: 100, bake: '1m', checkEvery: '0s' }] }, 'targets.0.traffic.0.checkEvery: at least 1s'],
    [
      { traffic: [{ weight: 100, bake: '1m', checkEvery: '2m' }] },
      'targets.0.traffic.0.checkEvery: at most as long as bake: a step is checked at its end at the latest',
    ],
  ])('times have bounds: %j', (change, message) => {
    expect(problems(withTarget(change))).toContain(message);
  });

  test('a deployment that would outgrow its execution is refused with what it needs and what there is', () => {
    const [problem] = problems(withTarget({ traffic: [{ weight: 100, bake: '2d', checkEvery: '60s' }] }));
    expect(problem).toMatch(
      /^targets\.0\.traffic: a deployment may need 4\d{4} events in its history, and an execution has 25000/,
    );
  });

  test('a variable may be called as programs call theirs', () => {
    const [target] = environments.targets;
    const environment = { http_proxy: 'http://proxy.example:3128' };
    expect(problems(withTarget({ service: { ...target?.service, environment } }))).toEqual([]);
  });
});

test.each([
  ['PORT', 'targets.0.service.environment.PORT: Farol gives this variable to every task'],
  [
    'FORWARDED_PROTO_HEADER',
    'targets.0.service.environment.FORWARDED_PROTO_HEADER: Farol gives this variable to every task: say it in protocolHeader',
  ],
])('a variable that Farol gives, %s, is refused: its value would never arrive', (name, message) => {
  const [target] = environments.targets;
  expect(problems(withTarget({ service: { ...target?.service, environment: { [name]: 'x' } } }))).toEqual([message]);
});

describe('edges', () => {
  const [target] = environments.targets;
  const domain = { name: 'www.example.com', zone: { id: 'Z0123456789', name: 'example.com' } };

  test.each([
    ['an address beside it', { address: 'https://example.com' }, 'targets.0.address: the edge decides it'],
    ['a header beside it', { protocolHeader: 'X-Proto' }, 'targets.0.protocolHeader: the edge decides it'],
    [
      'an invalid path',
      { edge: { ...target?.edge, staticPath: 'static' } },
      'targets.0.edge.staticPath: a path that begins and ends with a slash',
    ],
    [
      'a web ACL of another kind',
      { edge: { ...target?.edge, firewall: 'arn:aws:wafv2:sa-east-1:111122223333:regional/webacl/a/b' } },
      'targets.0.edge.firewall: managed, or the ARN of a web ACL for CloudFront',
    ],
  ])('%s is refused', (_what, change, message) => {
    expect(problems(withTarget(change))).toEqual([message]);
  });

  test('elsewhere than in us-east-1, what CloudFront takes from there alone is named by its ARN', () => {
    const orchestrator = { ...environments.orchestrator, region: 'sa-east-1' };
    const network = { ...target?.network, zones: ['sa-east-1a', 'sa-east-1b', 'sa-east-1c'] };
    const elsewhere = (edge: object) =>
      problems({
        ...environments,
        orchestrator,
        targets: [{ ...target, network, edge: { ...target?.edge, ...edge } }],
      });
    const message = 'it must lie in us-east-1, and sa-east-1 is deployed to: make it there and give its ARN';
    expect(elsewhere({ domain })).toEqual([
      `targets.0.edge.firewall: ${message}`,
      `targets.0.edge.domain.certificate: ${message}`,
    ]);
    const certificate = 'arn:aws:acm:us-east-1:111122223333:certificate/1234';
    expect(elsewhere({ firewall: undefined, domain: { ...domain, certificate } })).toEqual([]);
  });
});

describe('pipelines', () => {
  const [pipeline] = environments.pipelines;

  test.each([
    ['of an unknown application', [{ ...pipeline, app: 'shop' }], 'pipelines.0.app: there is no target of shop'],
    ['twice for one application', [pipeline, pipeline], 'pipelines.1.app: a second pipeline builds web'],
    [
      'for another processor than the service’s',
      [
        {
          ...pipeline,
          build: {
            ...pipeline?.build,
            architecture: 'X86_64',
            image: 'aws/codebuild/amazonlinux-x86_64-standard:5.0',
          },
        },
      ],
      'pipelines.0.build.architecture: targets of web run on another',
    ],
    [
      'on a machine of another processor',
      [{ ...pipeline, build: { ...pipeline?.build, image: 'aws/codebuild/amazonlinux-x86_64-standard:5.0' } }],
      'pipelines.0.build.image: aws/codebuild/amazonlinux-x86_64-standard:5.0 is not of the processor ARM64',
    ],
    [
      'from an invalid repository',
      [{ ...pipeline, source: { ...pipeline?.source, repository: 'https://example.com/web' } }],
      'pipelines.0.source.repository: owner and name, as in octocat/hello-world',
    ],
  ])('%s are refused', (_what, pipelines, message) => {
    expect(problems({ ...environments, pipelines })).toEqual([message]);
  });
});

test('the nearest word is the one fewest edits away', () => {
  expect(nearest('bakke', ['weight', 'bake', 'checkEvery'])).toBe('bake');
  expect(nearest('anything', [])).toBeUndefined();
});

test('the same environment in two regions of one account has no name of the account twice', () => {
  /** What IAM and CloudFront know by a name that is the account's. */
  const OF_THE_ACCOUNT: Readonly<Record<string, string>> = {
    'AWS::IAM::Role': 'RoleName',
    'AWS::IAM::ManagedPolicy': 'ManagedPolicyName',
  };
  const names = (region: string): string[] => {
    const { orchestrator, targets } = environmentsIn();
    const moved = targets.map(({ edge: _edge, ...target }) => ({
      ...target,
      network: { ...target.network, zones: target.network.zones.map((zone) => `${region}${zone.at(-1)}`) },
    }));
    const templates = synthesized({ orchestrator: { ...orchestrator, region }, targets: moved, pipelines: [] });
    return Object.values(templates).flatMap((template) =>
      Object.values(resources(template)).flatMap(({ Type, Properties }) => {
        const name = Properties[OF_THE_ACCOUNT[Type] ?? ''];
        return typeof name === 'string' ? [`${Type} ${name}`] : [];
      }),
    );
  };
  const [one, other] = [names('us-east-1'), names('sa-east-1')];
  expect(one.length).toBeGreaterThan(20);
  expect(one.filter((name) => other.includes(name))).toEqual([]);
});

test('the longest names of a target and a region make roles that IAM takes', () => {
  const [app, environment, region] = ['a'.repeat(13), 'b'.repeat(12), 'ap-southeast-1'] as const;
  const roles = [
    ...Object.values(taskRoleNames(app, environment, region)),
    ...TARGET_ROLE_KINDS.map((kind) => targetRoleName(`${app}/${environment}`, kind, region)),
  ];
  expect(Math.max(...roles.map(({ length }) => length))).toBeLessThanOrEqual(64);
});
