import type * as z from 'zod';
import { type Duration, milliseconds, seconds } from '#core/contract/duration.ts';
import type { DeploymentPlan, Head } from '#core/contract/ledger.ts';
import type { Deployable, Release } from '#core/contract/release.ts';
import type { Settings } from '#core/contract/settings.ts';
import { otherSlot, type Slot } from '#core/contract/slot.ts';
import type { Preflight } from '#core/contract/states.ts';
import { healthyPlaced } from '#core/domain/converge-plan.ts';
import { settingsHash } from '#core/domain/ledger-chain.ts';
import type { Observed } from '#core/domain/observed.ts';
import { buildLabelProblem, judgeProvenance, type Provenance } from '#core/domain/provenance.ts';
import { judgeScan } from '#core/domain/scan.ts';
import { nextLookSeconds } from '#core/domain/task-end.ts';
import { planSteps } from '#core/domain/traffic-plan.ts';
import type {
  BuildRecords,
  Clock,
  Ledger,
  ReleaseSource,
  SettingsStore,
  SlotControl,
  TaskRunner,
} from '#core/ports.ts';
import { neverLiveBefore } from '#core/promotion-gate.ts';

interface Ports {
  readonly ledger: Ledger;
  readonly settings: SettingsStore;
  readonly releases: ReleaseSource;
  readonly builds: BuildRecords;
  readonly slots: SlotControl;
  readonly tasks: TaskRunner;
  readonly clock: Clock;
}

/**
 * Looks at everything that can be known before the first change, and fixes what the deployment will do. Changes nothing
 * in AWS. What it refuses, it refuses in a sentence.
 */
export async function preflight(
  { context, request, began, looks }: z.infer<typeof Preflight.input>,
  ports: Ports,
): Promise<z.infer<typeof Preflight.output>> {
  const { ledger } = ports;
  const settings = await ports.settings.settings(context.target);
  if (typeof settings === 'string') return { outcome: 'refused', reason: settings };
  const release = await ports.releases.release(settings.repository, request.digest, request.version);
  if (typeof release === 'string') return { outcome: 'refused', reason: release };
  const [head, observed, migrating] = await Promise.all([
    ledger.head(context.target),
    ports.slots.observe(settings),
    ports.tasks.migrationsRunning(settings),
  ]);
  const deployable: Deployable = {
    digest: release.digest,
    version: release.version,
    settingsHash: settingsHash(settings),
  };
  if (head.live !== undefined && sameDeployable(head.live.deployable, deployable)) {
    return { outcome: 'unchanged', reason: `${release.version} is live already with these settings.` };
  }
  const refusal = refuse(head, observed, migrating) ?? (await neverLiveBefore(settings, release, ledger));
  if (refusal !== undefined) return { outcome: 'refused', reason: refusal };
  const proof = await proofOf(release, settings, ports);
  for (const { state, reason, setting, timeout } of proof.lacks) {
    if (state === 'refused') return { outcome: 'refused', reason };
    const waited = Date.parse(ports.clock.now()) - Date.parse(began);
    if (waited < milliseconds(timeout)) return { outcome: 'waiting', reason, waitSeconds: nextLookSeconds(looks) };
    return { outcome: 'refused', reason: `${reason} It had ${timeout} (${setting}).` };
  }
  const candidate: Slot = head.live === undefined ? 'blue' : otherSlot(head.live.slot);
  const first = head.live === undefined;
  const plan: DeploymentPlan = {
    settings,
    deployable,
    commit: release.commit,
    author: release.author,
    build: release.build,
    releaseJson: release.releaseJson,
    candidate,
    ...(head.live === undefined ? {} : { live: head.live }),
    capacity:
      head.live === undefined
        ? settings.capacity.min
        : Math.max(1, observed.slots[head.live.slot].service?.running ?? 1),
    steps: planSteps(settings.traffic, first),
  };
  await ledger.savePlan(context, plan);
  const { started } = proof;
  const detail = { commit: release.commit, build: release.build, repository: release.repository, started };
  await ledger.saveFact(
    context,
    { kind: 'provenance', deployable, detail },
    `build ${release.build}, started by ${started}`,
  );
  if (proof.scan !== undefined) {
    const fact = { kind: 'scan', deployable, detail: proof.scan } as const;
    await ledger.saveFact(context, fact, `findings in the registry; scan.block is ${settings.scan.block}`);
  }
  const { approval } = settings;
  const approvalSeconds = approval === undefined ? 0 : Math.ceil(seconds(approval.timeout));
  const approvalFirst = approval?.before === 'anything';
  return { outcome: first ? 'first' : 'update', candidate, steps: plan.steps, approvalSeconds, approvalFirst };
}

function sameDeployable(a: Deployable, b: Deployable): boolean {
  return a.digest === b.digest && a.settingsHash === b.settingsHash;
}

function refuse({ live }: Head, observed: Observed, migrating: readonly string[]): string | undefined {
  const [running] = migrating;
  if (running !== undefined)
    return `A migration still runs (${running}). Wait for its end, or stop the task, then deploy again.`;
  if (observed.rule?.foreign != null)
    return `The production rule was changed, and not by Farol: ${observed.rule.foreign}.`;
  if (live === undefined) return undefined;
  const weight = observed.rule?.weights[live.slot] ?? 0;
  if (weight !== 100)
    return `The ledger says that ${live.slot} is live, yet it gets ${weight} % of the traffic: the weights were changed, and not by Farol.`;
  const runs = observed.slots[live.slot].service?.taskDefinition;
  if (runs !== live.taskDefinition)
    return `The live slot ${live.slot} runs ${runs ?? 'nothing'}, the ledger says ${live.taskDefinition}: it was changed, and not by Farol.`;
  if (healthyPlaced(live, observed.slots[live.slot]) === 0)
    return `The live slot ${live.slot} has no healthy task: there would be nothing to go back to.`;
  return undefined;
}

/** Something that is not proven (yet), and how long it may take. */
interface Lack {
  readonly state: 'open' | 'refused';
  readonly reason: string;
  readonly setting: string;
  readonly timeout: Duration;
}

/** What a release lacks of what its target asks for; what is wrong stands before what is not there yet. */
async function proofOf(
  release: Release,
  settings: Settings,
  { builds, releases, clock }: Ports,
): Promise<{
  readonly lacks: readonly Lack[];
  readonly started: string;
  readonly scan: Record<string, unknown> | undefined;
}> {
  const provenance = await provenanceOf(release, settings, builds);
  const { block } = settings.scan;
  const scan =
    block === 'none' || provenance.state === 'refused'
      ? undefined
      : judgeScan(
          settings.scan,
          release.version,
          await releases.scan(settings.repository, release.digest),
          clock.now(),
        );
  const lacks = [
    { verdict: provenance, setting: 'provenance.timeout', timeout: settings.provenance.timeout },
    { verdict: scan, setting: 'scan.timeout', timeout: settings.scan.timeout },
  ].flatMap(({ verdict, ...bound }): Lack[] =>
    verdict === undefined || verdict.state === 'proven' ? [] : [{ ...verdict, ...bound }],
  );
  return {
    lacks: lacks.toSorted((a, b) => Number(b.state === 'refused') - Number(a.state === 'refused')),
    started: (provenance.state === 'proven' ? provenance.started : undefined) ?? 'an unknown caller',
    scan: scan?.state === 'proven' ? scan.detail : undefined,
  };
}

async function provenanceOf(
  release: Release,
  { app, provenance }: Settings,
  builds: BuildRecords,
): Promise<Provenance> {
  const problem = buildLabelProblem(release, app);
  if (problem !== undefined) return { state: 'refused', reason: problem };
  return judgeProvenance(release, app, await builds.build(release.build), provenance.branch);
}
