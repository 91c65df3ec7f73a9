import { type Duration, milliseconds } from '../contract/duration.ts';
import type { DeploymentPlan, Head } from '../contract/ledger.ts';
import type { Deployable, Release } from '../contract/release.ts';
import type { Settings } from '../contract/settings.ts';
import { otherSlot } from '../contract/slot.ts';
import { healthyPlaced } from './converge-plan.ts';
import { settingsHash } from './ledger-chain.ts';
import type { Observed } from './observed.ts';
import type { Provenance } from './provenance.ts';
import type { ScanVerdict } from './scan.ts';
import { planSteps } from './traffic-plan.ts';

/** The image and the settings that a deployment would make live. */
export function deployableOf(release: Pick<Release, 'digest' | 'version'>, settings: Settings): Deployable {
  return { digest: release.digest, version: release.version, settingsHash: settingsHash(settings) };
}

/** Whether two deployables run the same: the same image with the same settings, whatever tag it was pushed under. */
export function sameDeployable(a: Deployable, b: Deployable): boolean {
  return a.digest === b.digest && a.settingsHash === b.settingsHash;
}

/**
 * Why nothing may be deployed on a target as AWS shows it now, in a sentence; undefined: it may.
 * @param migrating ARNs of migration tasks that run
 * @param rescue a person deploys it as a rescue, so that it does not matter where weights were left
 */
export function targetRefusal(
  { live }: Head,
  observed: Observed,
  migrating: readonly string[],
  rescue = false,
): string | undefined {
  const [running] = migrating;
  if (running !== undefined)
    return `A migration still runs (${running}). Wait for its end, or stop the task, then deploy again.`;
  if (observed.rule?.foreign != null)
    return `The production rule was changed, and not by Farol: ${observed.rule.foreign}.`;
  if (live === undefined) return undefined;
  const weight = observed.rule?.weights[live.slot] ?? 0;
  if (weight !== 100 && !rescue)
    return `The ledger says that ${live.slot} is live, yet it gets ${weight} % of the traffic: the weights were changed, and not by Farol.`;
  const runs = observed.slots[live.slot].service?.taskDefinition;
  if (runs !== live.taskDefinition)
    return `The live slot ${live.slot} runs ${runs ?? 'nothing'}, the ledger says ${live.taskDefinition}: it was changed, and not by Farol.`;
  return undefined;
}

/** Why what is live serves no request, in a sentence; undefined: they are, or nothing is live. A release then comes as a rescue. */
export function unwell({ live }: Head, observed: Observed): string | undefined {
  if (live === undefined || healthyPlaced(live, observed.slots[live.slot]) > 0) return undefined;
  return `${live.deployable.version} is live in ${live.slot} and has no healthy task, so it serves no request`;
}

/** What the records say of where an image comes from and of what is wrong with it; `scan` undefined: the target asks for none. */
export interface Proof {
  readonly provenance: Provenance;
  readonly scan: ScanVerdict | undefined;
}

/** A release lacks a proof: it is refused, or its deployment waits, because the proof may still come. */
export interface Unproven {
  readonly outcome: 'refused' | 'waiting';
  readonly reason: string;
}

/**
 * Whether a release has what its target asks for before anything of it runs; undefined: it has. A proof that is refused
 * comes before one that is not there yet, and one that is not there in its time is refused.
 * @param waited milliseconds since the first look
 */
export function unproven(
  { provenance, scan }: Proof,
  settings: Pick<Settings, 'provenance' | 'scan'>,
  waited: number,
): Unproven | undefined {
  const lacks = [
    { verdict: provenance, setting: 'provenance.timeout', timeout: settings.provenance.timeout },
    { verdict: scan, setting: 'scan.timeout', timeout: settings.scan.timeout },
  ].flatMap(({ verdict, ...bound }) =>
    verdict === undefined || verdict.state === 'proven' ? [] : [{ ...verdict, ...bound }],
  );
  const [lack] = lacks.toSorted((a, b) => Number(b.state === 'refused') - Number(a.state === 'refused'));
  if (lack === undefined) return undefined;
  if (lack.state === 'refused') return { outcome: 'refused', reason: lack.reason };
  return inTime(lack, waited);
}

function inTime(
  { reason, setting, timeout }: { readonly reason: string; readonly setting: string; readonly timeout: Duration },
  waited: number,
): Unproven {
  if (waited < milliseconds(timeout)) return { outcome: 'waiting', reason };
  return { outcome: 'refused', reason: `${reason} It had ${timeout} (${setting}).` };
}

/**
 * What a deployment will do: into the slot beside live, with as many tasks as live has, or the first time into blue with the minimum.
 * @param rescue why live serves no request: then the candidate has the minimum, and gets all the traffic at once
 */
export function deploymentPlan(
  settings: Settings,
  release: Release,
  { live }: Head,
  observed: Observed,
  rescue?: string,
): DeploymentPlan {
  return {
    settings,
    deployable: deployableOf(release, settings),
    commit: release.commit,
    author: release.author,
    build: release.build,
    releaseJson: release.releaseJson,
    candidate: live === undefined ? 'blue' : otherSlot(live.slot),
    ...(live === undefined ? {} : { live }),
    ...(rescue === undefined ? {} : { rescue }),
    capacity:
      live === undefined || rescue !== undefined
        ? settings.capacity.min
        : Math.max(1, observed.slots[live.slot].service?.running ?? 1),
    steps: planSteps(settings, live === undefined || rescue !== undefined),
  };
}
