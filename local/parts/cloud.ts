import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { awsSide, clientOptions, PLACE } from '@farol/local-aws/aws-side.ts';
import { CodeBuild } from '@farol/local-aws/codebuild/service.ts';
import { createDataPlane, type DataPlane } from '@farol/local-aws/data-plane.ts';
import { within } from '@farol/local-aws/deadline.ts';
import { ImageScans } from '@farol/local-aws/ecr/scans.ts';
import type { Fidelity } from '@farol/local-aws/fidelity.ts';
import { FixableError } from '@farol/local-aws/fixable-error.mjs';
import { type Gateway, startGateway } from '@farol/local-aws/gateway/gateway.ts';
import { emulatorSocket, startMinistack } from '@farol/local-aws/ministack.ts';
import { botocoreData, ServiceModels } from '@farol/local-aws/protocol/models.ts';
import { createDockerRuntime } from '@farol/local-aws/runtime/docker.ts';
import { createProcessRuntime } from '@farol/local-aws/runtime/process.ts';
import type { Supervisor } from '@farol/local-aws/supervisor.ts';
import { execa } from 'execa';
import { DynamoLedger } from '#aws/dynamo-ledger.ts';
import { systemClock } from '#aws/system-clock.ts';
import { buildProject, pipelineName } from '#core/contract/pipeline.ts';
import type { Settings } from '#core/contract/settings.ts';
import { DATABASE_MASTER, ORCHESTRATOR } from '../../infra/names.ts';
import { dockerImages, treeImages } from '../image/maker.ts';
import { Repository } from '../image/registry.ts';
import { RegistryImages } from '../image/store.ts';
import { applyServiceStack, type ServiceStack } from '../service-stack/apply-service-stack.ts';
import { bootstrap, deployStacks } from '../service-stack/deploy-stacks.ts';
import { synthesize } from '../service-stack/synthesize.ts';
import { Builder } from '../source/builder.ts';
import { readApplication } from '../source/contract.ts';
import { startReceiver } from '../source/receiver.ts';
import type { ReleaseToPush } from '../source/releases.ts';
import type { Closers } from './closers.ts';
import { PortChoice } from './ports.ts';
import { startPostgres } from './postgres.ts';

const SECONDS = 1000;
/** Until everything runs, a first build of the application included. */
const DEADLINE = 180 * SECONDS;
/** Until a pushed tag is built; an engine may have to pull the base image. */
const BUILD_DEADLINE = 600 * SECONDS;

export interface CloudOptions {
  /** All that this cloud writes. */
  readonly state: string;
  /** Kept between runs: what builds cache and extracted images. */
  readonly kept: string;
  /** The Python environment with MiniStack. */
  readonly python: string;
  readonly supervisor: Supervisor;
  readonly closers: Closers;
  /** Environments module, with `#<name>` for another value than its default. */
  readonly environments: string;
  /** How many targets it has; the first is the one that users come to. */
  readonly targets?: number;
  /** How many times faster than on AWS waits are. */
  readonly timeScale: number;
  readonly fidelity?: Fidelity;
  /** Given: tasks are containers of the Docker engine, from images that it builds with these arguments; else processes. */
  readonly docker?: { readonly buildArguments: Readonly<Record<string, string>> };
  /** Port of the application that was asked for; null: the usual ports where they are free; 0: any free ones, also of previews and gateway. */
  readonly port: number | null;
  /** The application's folder within its repository. */
  readonly prefix: string;
  /** Releases whose trees are made ready while the cloud starts. */
  readonly prepare: readonly ReleaseToPush[];
  readonly say: (line: string) => void;
}

/** The whole local cloud, up and ready for a push. */
export interface Cloud {
  readonly gateway: Gateway;
  readonly dataPlane: DataPlane;
  /** Where each build of a release is on record. */
  readonly codebuild: CodeBuild;
  /** What the registry's scans find. */
  readonly scans: ImageScans;
  /** Of the target that users come to, as they were published at the start. */
  readonly settings: Settings;
  /** Of the targets before it. */
  readonly others: readonly Settings[];
  /** What CloudFormation has made of the target that users come to, to be updated. */
  readonly serviceStack: ServiceStack;
  readonly applicationUrl: string;
  readonly previews: { readonly blue: string; readonly green: string };
  /** What `git push` is given. */
  readonly remote: string;
  /** The record of calls. */
  readonly record: string;
  readonly stateMachine: string;
  /** Paths that the first release answers 200, by its own checks. */
  readonly paths: readonly string[];
  /**
   * Pushes a release's tag to the local repository.
   * @returns the image's digest
   * @throws {FixableError} if it is not built
   */
  push(release: ReleaseToPush): Promise<string>;
}

/** Brings everything up, the slow parts side by side. @throws {FixableError} for what a person can put right */
export function startCloud(options: CloudOptions): Promise<Cloud> {
  return within(DEADLINE, 'the start of the local cloud', bringUp(options));
}

async function bringUp(options: CloudOptions): Promise<Cloud> {
  const { state, kept, supervisor, closers, say } = options;
  const choice = new PortChoice();
  const usual = (port: number): Promise<number> => choice.preferred(options.port === 0 ? 0 : port);
  const ports = {
    production: options.port ? await choice.asked(options.port, '--port') : await usual(8000),
    blue: await usual(8001),
    green: await usual(8002),
  };
  const placesBefore = [];
  for (let i = 1; i < (options.targets ?? 1); i += 1)
    placesBefore.push({ production: await usual(0), blue: await usual(0), green: await usual(0) });
  const gatewayPort = await usual(4566);
  const gatewayUrl = address(gatewayPort);

  const [first] = options.prepare;
  const release = first && (await readApplication(first.repository, first.tag, options.prefix)).release;

  const assembling = synthesize({
    environmentsModule: options.environments,
    out: join(state, 'cdk.out'),
    ports: [ports, ...placesBefore],
    ...(release === undefined ? {} : { healthPath: release.livez }),
  });
  const database = startDatabase(options);
  // Before the tasks, so that it is closed when none of them uses an image any more.
  const images =
    options.docker === undefined
      ? treeImages(new Repository(gatewayUrl, 'web'))
      : dockerImages(`${new URL(gatewayUrl).host}/web`, options.docker.buildArguments);
  closers.add(() => images.close());
  const local = startLocalAws(options, { gatewayPort, gatewayUrl });
  // Whichever fails first ends the start; the others are then not waited for.
  for (const started of [assembling, database, local]) started.catch(() => undefined);

  const { gateway, dataPlane, codebuild, scans } = await local;
  const applied: ServiceStack[] = [];
  const builder = new Builder({
    folder: join(state, 'builds'),
    cache: join(kept, 'cache'),
    log: (version) => supervisor.log(`build-${version}`),
    prefix: options.prefix,
    codebuild,
    images,
    live: () => liveVersions(gateway.url, applied),
  });
  const place = { url: gateway.url, ...PLACE, deadlineSeconds: 120 };
  const bootstrapping = bootstrap(place);
  bootstrapping.catch(() => undefined);
  const preparing = prepareAll(builder, options.prepare, say);
  preparing.catch(() => undefined);

  const assembly = await assembling;
  say('templates synthesized');
  const deploying = bootstrapping.then(() => deployStacks(place, assembly));
  deploying.catch(() => undefined);
  for (const [i, templateFile] of assembly.serviceTemplates.entries())
    applied.push(
      await applyServiceStack({
        templateFile,
        gatewayUrl: gateway.url,
        database: await (i === 0 ? database : startDatabase(options, `postgresql-${i + 1}`)),
        timeScale: options.timeScale,
      }),
    );
  const others = applied.filter((one) => one.settings.address !== address(ports.production));
  const serviceStack = applied.find((one) => !others.includes(one));
  if (serviceStack === undefined)
    throw new TypeError(`no target of ${options.environments} is at ${address(ports.production)}`);
  say('load balancer, cluster and settings made from the service stack');
  await deploying;
  say('orchestrator deployed by cdk');
  await preparing;
  const receiver = await startReceiver(join(kept, 'source.git'), builder);
  closers.add(() => receiver.close());
  return {
    gateway,
    dataPlane,
    codebuild,
    scans,
    settings: serviceStack.settings,
    others: others.map(({ settings }) => settings),
    serviceStack,
    applicationUrl: address(ports.production),
    previews: { blue: address(ports.blue), green: address(ports.green) },
    remote: receiver.remote,
    record: join(kept, 'calls.jsonl'),
    stateMachine: `arn:aws:states:${PLACE.region}:${PLACE.accountId}:stateMachine:${ORCHESTRATOR.stateMachine}`,
    paths: (release?.smoke ?? []).filter(({ status }) => status === 200).map(({ path }) => path),
    async push({ tag, repository }) {
      const { all } = await execa('git', ['push', receiver.remote, `refs/tags/${tag}`], {
        cwd: repository,
        all: true,
        reject: false,
        timeout: BUILD_DEADLINE,
      });
      const built = builder.built.get(tag);
      if (!built) throw new FixableError(`${tag} was not built:\n${all}`);
      return built.digest;
    },
  };
}

/** What the ledger calls live at the targets of some service stacks. */
async function liveVersions(gatewayUrl: string, stacks: readonly ServiceStack[]): Promise<string[]> {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient(clientOptions(gatewayUrl, 'web-build')));
  const ledger = new DynamoLedger(client, ORCHESTRATOR.ledger, systemClock);
  const heads = await Promise.all(stacks.map(({ settings }) => ledger.head(`${settings.app}/${settings.environment}`)));
  return heads.flatMap(({ live }) => live?.deployable.version ?? []);
}

async function startDatabase({ supervisor, state, closers, say }: CloudOptions, part = 'postgresql') {
  const database = await startPostgres(supervisor, join(state, part), { name: 'web', master: DATABASE_MASTER, part });
  closers.add(() => database.stop());
  say('PostgreSQL is up');
  return database;
}

/** MiniStack, the data plane and, before both, the gateway. */
async function startLocalAws(
  { supervisor, state, kept, python, closers, say, timeScale, fidelity, docker }: CloudOptions,
  { gatewayPort, gatewayUrl }: { gatewayPort: number; gatewayUrl: string },
): Promise<{ gateway: Gateway; dataPlane: DataPlane; codebuild: CodeBuild; scans: ImageScans }> {
  const dataDir = join(state, 'ministack');
  rmSync(dataDir, { recursive: true, force: true });
  const ministack = await startMinistack(supervisor, {
    python,
    socket: emulatorSocket(),
    endpointUrl: gatewayUrl,
    dataDir,
  });
  closers.add(() => ministack.stop());
  say('MiniStack is up');
  const dataPlane = createDataPlane({
    ...PLACE,
    timeScale,
    versionVariable: 'FAROL_VERSION',
    runtime:
      docker === undefined
        ? createProcessRuntime(new RegistryImages(gatewayUrl, join(kept, 'images')))
        : createDockerRuntime(new URL(gatewayUrl).host),
    ...awsSide(ministack.url),
    ...(fidelity === undefined ? {} : { fidelity }),
  });
  closers.add(() => dataPlane.close());
  const codebuild = new CodeBuild(PLACE, { name: buildProject('web'), pipeline: pipelineName('web') });
  const scans = new ImageScans(PLACE);
  const services = [...dataPlane.services, codebuild.service];
  const gateway = await startGateway({
    port: gatewayPort,
    upstream: ministack.url,
    services: [...services, scans.service],
    routes: { ...Object.fromEntries(services.map(({ service }) => [service, 'local'])), ecr: 'beside' },
    recordFile: join(kept, 'calls.jsonl'),
    models: new ServiceModels(botocoreData(python)),
  });
  closers.add(() => gateway.close());
  return { gateway, dataPlane, codebuild, scans };
}

function address(port: number): string {
  return `http://127.0.0.1:${port}`;
}

/** One after the other: a tree may want something of the releases before it. */
async function prepareAll(
  builder: Builder,
  releases: readonly ReleaseToPush[],
  say: (line: string) => void,
): Promise<void> {
  for (const { repository, tag } of releases) {
    try {
      await builder.prepare(repository, tag);
    } catch (error) {
      throw new FixableError(`${tag} cannot be built: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (releases.length > 0)
    say(`${releases.length === 1 ? 'the release is' : `${releases.length} releases are`} ready to be built`);
}
