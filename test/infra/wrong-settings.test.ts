import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { afterAll, describe, expect, test } from 'vitest';
import production from '../../infra/environments/environments.ts';
import { EnvironmentsError, parseEnvironments } from '../../infra/environments/schema.ts';

const [target] = production.targets;
const [pipeline] = production.pipelines;
if (target === undefined || pipeline === undefined) throw new TypeError('there is a target with a pipeline');
const { network, service, database, edge } = target;

/** What is said about the project's environments with a change to their target, their orchestrator or all of them. */
const withTarget = (change: object) => said({ ...production, targets: [{ ...target, ...change }] });
const withOrchestrator = (change: object) =>
  said({ ...production, orchestrator: { ...production.orchestrator, ...change } });
const withPipeline = (change: object) => said({ ...production, pipelines: [{ ...pipeline, ...change }] });

function said(value: unknown): string[] {
  try {
    parseEnvironments(value);
    return [];
  } catch (error) {
    if (!(error instanceof EnvironmentsError)) throw error;
    return error.message.split('\n');
  }
}

describe('a wrong setting is told in one line: where, what would be right, what was there', () => {
  test.each([
    ['nothing at all', said(undefined), 'environments: missing: an object with orchestrator, targets, pipelines'],
    ['a name in place of settings', said('starter'), 'environments: expected an object; got "starter"'],
    ['a list in place of an object', said([production]), 'environments: expected an object; got a list'],
    [
      'an object in place of a list',
      said({ ...production, targets: target }),
      'targets: expected a list; got an object',
    ],
    ['a missing text', withOrchestrator({ region: undefined }), 'orchestrator.region: missing: a text in quotes'],
    [
      'a missing object, by what it holds',
      withTarget({ drain: undefined }),
      'targets.0.drain: missing: an object with deregistration, stopTimeout, idle, settle',
    ],
    [
      'a number in quotes',
      withTarget({ service: { ...service, cpu: '512' } }),
      'targets.0.service.cpu: expected a number; got "512"',
    ],
    [
      'a number without quotes',
      withOrchestrator({ account: 111122223333 }),
      'orchestrator.account: expected a text in quotes; got 111122223333',
    ],
    [
      'yes in place of true',
      withOrchestrator({ deletionProtection: 'yes' }),
      'orchestrator.deletionProtection: expected true or false; got "yes"',
    ],
    [
      'a fraction',
      withTarget({ capacity: { min: 1.5, max: 2, requestsPerTarget: 1 } }),
      'targets.0.capacity.min: expected a whole number; got 1.5',
    ],
    [
      'too large a number',
      withTarget({ service: { ...service, port: 80_000 } }),
      'targets.0.service.port: expected at most 65535; got 80000',
    ],
    [
      'an unknown word',
      withTarget({ service: { ...service, architecture: 'arm64' } }),
      'targets.0.service.architecture: expected one of ARM64, X86_64; got "arm64"',
    ],
    [
      'an unknown form',
      withTarget({ network: { ...network, egress: { by: 'internet' } } }),
      'targets.0.network.egress.by: expected one of nat, endpoints, public address; got "internet"',
    ],
    [
      'too few zones',
      withTarget({ network: { ...network, zones: ['us-east-1a'], egress: { by: 'endpoints' } } }),
      'targets.0.network.zones: expected at least 2 entries; got 1',
    ],
    [
      'an invalid network',
      withTarget({ network: { ...network, cidr: '10.20.0.0' } }),
      'targets.0.network.cidr: expected a range of IPv4 addresses, as in 10.20.0.0/16; got "10.20.0.0"',
    ],
    [
      'a network that is too small',
      withTarget({ network: { ...network, cidr: '10.20.0.0/20' } }),
      'targets.0.network.cidr: with 3 zones, a range from /16 to /19, as in 10.20.0.0/16; got "10.20.0.0/20"',
    ],
    [
      'a zone twice',
      withTarget({ network: { ...network, zones: ['us-east-1a', 'us-east-1b', 'us-east-1a'] } }),
      'targets.0.network.zones: the zones must differ: us-east-1a, us-east-1b, us-east-1a',
    ],
    [
      'a zone of another region',
      withTarget({ network: { ...network, zones: ['us-east-1a', 'us-east-1b', 'eu-west-1a'] } }),
      'targets.0.network.zones.2: a zone of us-east-1, which is deployed to, as in us-east-1a; got "eu-west-1a"',
    ],
    [
      'more gateways than zones',
      withTarget({ network: { ...network, zones: ['us-east-1a', 'us-east-1b'], egress: { by: 'nat', gateways: 3 } } }),
      'targets.0.network.egress.gateways: at most one in each of the 2 zones; got 3',
    ],
    [
      'memory that Fargate does not have',
      withTarget({ service: { ...service, cpu: 256, memory: 4096 } }),
      'targets.0.service.memory: with 256 CPU units, Fargate has 512, 1024, 2048 MiB; got 4096',
    ],
    [
      'CPU units that Fargate does not have',
      withTarget({ service: { ...service, cpu: 300 } }),
      'targets.0.service.cpu: one of 256, 512, 1024, 2048, 4096, 8192, 16384 on Fargate; got 300',
    ],
    [
      'a variable’s name',
      withTarget({ service: { ...service, environment: { 'log-level': 'debug' } } }),
      'targets.0.service.environment.log-level: a variable’s name has letters, digits and underscores, and does not begin with a digit; got "log-level"',
    ],
    [
      'a class with its prefix',
      withTarget({ database: { ...database, instance: 'db.t4g.micro' } }),
      'targets.0.database.instance: a class without "db.", as in t4g.micro; got "db.t4g.micro"',
    ],
    [
      'a name with spaces',
      withTarget({ database: { ...database, name: 'My DB' } }),
      'targets.0.database.name: at most 51 lower-case letters, digits and underscores, beginning with a letter; got "My DB"',
    ],
    [
      'a path without its slash',
      withTarget({ health: { ...target.health, path: 'livez' } }),
      'targets.0.health.path: expected a text that begins with /; got "livez"',
    ],
    [
      'an address without its protocol',
      withTarget({ edge: undefined, address: 'example.com' }),
      'targets.0.address: expected an address, as in https://www.example.com; got "example.com"',
    ],
    [
      'a text in place of an object',
      withTarget({ edge: { ...edge, domain: 'example.com' } }),
      'targets.0.edge.domain: expected an object; got "example.com"',
    ],
    [
      'a source of images',
      withTarget({ source: 'pull' }),
      'targets.0.source: push, or promotion of <app>/<environment>, as in promotion of web/staging; got "pull"',
    ],
    [
      'a mail address',
      withOrchestrator({ notify: ['me'] }),
      'orchestrator.notify.0: expected a mail address; got "me"',
    ],
    [
      'a provider’s name',
      withPipeline({ source: { ...pipeline.source, connection: 'Github' } }),
      'pipelines.0.source.connection: GitHub, GitLab, Bitbucket, or the ARN of a connection; got "Github"',
    ],
  ])('%s', (_what, lines, line) => {
    expect(lines).toEqual([line]);
  });

  test('names that AWS reserves', () => {
    const named = (app: string, environment: string) =>
      said({ ...production, pipelines: [], targets: [{ ...target, app, environment }] });
    expect(named('internal', 'live')).toEqual([
      'targets.0.app: a load balancer’s name may not begin with internal-; got "internal"',
    ]);
    expect(named('web', 'eu--live')).toEqual([
      'targets.0: a database’s name may not have two hyphens in a row: web-eu--live',
    ]);
  });

  test('nothing is said about what could be inferred from another mistake at the same place', () => {
    expect(withTarget({ traffic: 'all at once' })).toEqual(['targets.0.traffic: expected a list; got "all at once"']);
  });
});

describe('environments that cannot be read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'farol-environments-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  /** What is printed, by the command that CDK runs: only there modules are loaded as they are for users. */
  const synthesis = async (environments: string) => {
    const { exitCode, stderr } = await execa(process.execPath, ['infra/app.ts'], {
      cwd: resolve(import.meta.dirname, '../..'),
      env: { CDK_OUTDIR: join(folder, 'out'), CDK_CONTEXT_JSON: JSON.stringify({ environments }) },
      reject: false,
    });
    expect(exitCode).toBe(1);
    const [heading, ...lines] = stderr.split('\n');
    expect(heading).toBe(`${environments} cannot be deployed:`);
    return lines;
  };

  test('a profile by its name alone', async () => {
    expect(await synthesis('starter')).toEqual([
      expect.stringMatching(
        /^there is no file .*starter: a module's path is expected, as in infra\/environments\/environments.ts$/,
      ),
    ]);
  });

  test('a misspelt name of a value', async () => {
    expect(await synthesis('infra/environments/environments.ts#starer')).toEqual([
      expect.stringMatching(/^it exports no "starer"; did you mean "starter"\? There are: default, .*starter/),
    ]);
  });

  test('a mistake in the language, with its place', async () => {
    const broken = file('broken.ts', 'export default {\n  targets: [,\n');
    expect(await synthesis(broken)).toEqual([
      expect.stringMatching(/^the module cannot be loaded: .+ \(.*broken\.ts:\d+\)$/),
    ]);
  });

  test('a module that throws', async () => {
    const throws = file('throws.ts', 'throw new Error("no region is set");');
    expect(await synthesis(throws)).toEqual([
      expect.stringMatching(/^the module cannot be loaded: no region is set( \(.*throws\.ts:1\))?$/),
    ]);
  });
});
