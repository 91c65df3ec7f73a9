import type * as z from 'zod';
import { nextLookSeconds } from '#core/contract/budget.ts';
import { seconds } from '#core/contract/duration.ts';
import type { DeploymentPlan, Head } from '#core/contract/ledger.ts';
import type { Release } from '#core/contract/release.ts';
import type { Settings } from '#core/contract/settings.ts';
import type { Context, Preflight } from '#core/contract/states.ts';
import type { Observed } from '#core/domain/observed.ts';
import {
  deployableOf,
  deploymentPlan,
  type Proof,
  sameDeployable,
  targetRefusal,
  unproven,
  unwell,
} from '#core/domain/preflight.ts';
import { buildLabelProblem, judgeProvenance, type Provenance } from '#core/domain/provenance.ts';
import { judgeScan } from '#core/domain/scan.ts';
import type {
  BuildRecords,
  Clock,
  Ledger,
  ReleaseSource,
  SettingsStore,
  SlotControl,
  TaskRunner,
} from '#core/ports.ts';
import { neverLiveBefore } from '#core/use-cases/promotion-gate.ts';

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
  const { ledger, clock } = ports;
  const settings = await ports.settings.settings(context.target);
  if (typeof settings === 'string') return { outcome: 'refused', reason: settings };
  const release = await ports.releases.release(settings.repository, request.digest, request.version);
  if (typeof release === 'string') return { outcome: 'refused', reason: release };
  const [head, observed, migrating] = await Promise.all([
    ledger.head(context.target),
    ports.slots.observe(settings),
    ports.tasks.migrationsRunning(settings),
  ]);
  const rescue = await confirmed(head, observed, settings, ports);
  if (
    rescue === undefined &&
    head.live !== undefined &&
    sameDeployable(head.live.deployable, deployableOf(release, settings))
  )
    return { outcome: 'unchanged', reason: `${release.version} is live already with these settings.` };
  const refusal =
    targetRefusal(head, observed, migrating, rescue !== undefined && request.rescue === true) ??
    (await neverLiveBefore(settings, release, ledger));
  if (refusal !== undefined) return { outcome: 'refused', reason: refusal };
  const proof = await proofOf(release, settings, ports);
  const lack = unproven(proof, settings, Date.parse(clock.now()) - Date.parse(began));
  if (lack?.outcome === 'waiting') return { ...lack, outcome: 'waiting', waitSeconds: nextLookSeconds(looks) };
  if (lack !== undefined) return { ...lack, outcome: 'refused' };
  const plan = deploymentPlan(settings, release, head, observed, rescue);
  await ledger.savePlan(context, plan);
  await saveProof(context, plan, proof, ledger);
  const { approval } = settings;
  if (rescue !== undefined) await ledger.note(context, { type: 'rescue began', cause: rescue });
  return {
    ...(rescue === undefined
      ? ({ outcome: head.live === undefined ? 'first' : 'update' } as const)
      : ({ outcome: 'rescue', reason: rescue } as const)),
    candidate: plan.candidate,
    steps: plan.steps,
    approvalSeconds: approval === undefined ? 0 : Math.ceil(seconds(approval.timeout)),
    approvalFirst: approval?.before === 'anything',
  };
}

/** Looks, and milliseconds between them, that must all show no healthy task of live: a single one may be out of date. */
const LOOKS = 3;
const BETWEEN_LOOKS_MS = 5_000;

/** Why live serves no request, when several looks in a row say so. */
async function confirmed(
  head: Head,
  observed: Observed,
  settings: Settings,
  { slots, clock }: Ports,
): Promise<string | undefined> {
  let reason = unwell(head, observed);
  for (let look = 2; look <= LOOKS && reason !== undefined; look += 1) {
    await clock.sleep(BETWEEN_LOOKS_MS);
    reason = unwell(head, await slots.observe(settings));
  }
  return reason;
}

/** What the records of builds and the registry say now. A release of the wrong build is not asked about its scan. */
async function proofOf(release: Release, settings: Settings, { builds, releases, clock }: Ports): Promise<Proof> {
  const provenance = await provenanceOf(release, settings, builds);
  if (settings.scan.block === 'none' || provenance.state === 'refused') return { provenance, scan: undefined };
  const findings = await releases.scan(settings.repository, release.digest);
  return { provenance, scan: judgeScan(settings.scan, release.version, findings, clock.now()) };
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

/** Records what was proven: the gates of later states read it. */
async function saveProof(
  context: Context,
  { deployable, settings, commit, build }: DeploymentPlan,
  { provenance, scan }: Proof,
  ledger: Ledger,
): Promise<void> {
  const started = (provenance.state === 'proven' ? provenance.started : undefined) ?? 'an unknown caller';
  const detail = { commit, build, repository: settings.repository, started };
  await ledger.saveFact(context, { kind: 'provenance', deployable, detail }, `build ${build}, started by ${started}`);
  if (scan?.state !== 'proven') return;
  await ledger.saveFact(
    context,
    { kind: 'scan', deployable, detail: scan.detail },
    `findings in the registry; scan.block is ${settings.scan.block}`,
  );
}
