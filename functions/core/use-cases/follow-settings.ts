import type { DeploymentRequest, Placement, SettingsClaim } from '../contract/ledger.ts';
import { type Settings, targetOf } from '../contract/settings.ts';
import { compareVersions } from '../contract/version.ts';
import { settingsHash } from '../domain/ledger-chain.ts';
import type { Executions, Ledger } from '../ports.ts';
import { unusedRequest } from './begin-deployment.ts';

/** What became of a look at a target's settings; `what`: the deployment that it is about. */
export type Followed =
  /** A deployment that makes them live was started. */
  | { readonly outcome: 'started'; readonly what: string }
  /** Somebody else deploys, or waits to: the settings are looked at again when that has ended. */
  | { readonly outcome: 'later'; readonly what: string }
  /** The target is frozen: they are deployed when a person has opened it again. */
  | { readonly outcome: 'frozen'; readonly what: string }
  /** They were deployed and did not become live: not again by itself. */
  | { readonly outcome: 'tried'; readonly what: string }
  /** They run, or nothing does: the first release takes them. */
  | { readonly outcome: 'in force'; readonly what: string };

interface Ports {
  readonly ledger: Ledger;
  readonly executions: Executions;
}

/**
 * Deploys what is live with the settings as published, if it runs with others. Any number of looks have the effect of
 * one: the revision is claimed for a deployment before that is started, and a claim whose deployment never came to be is
 * finished by the next look.
 *
 * Nothing waits in the queue for it. The next deployment takes the settings as they then are, and when a deployment has ended
 * `reconcile` looks again: what is live by then decides what is deployed, not what was live when the settings changed.
 */
export async function followSettings(settings: Settings, ports: Ports): Promise<Followed> {
  const { ledger } = ports;
  const target = targetOf(settings);
  const hash = settingsHash(settings);
  const { live, frozen } = await ledger.head(target);
  if (live === undefined) return { outcome: 'in force', what: 'nothing is live yet' };
  if (live.deployable.settingsHash === hash) return { outcome: 'in force', what: live.deployment };
  if (frozen !== undefined)
    return { outcome: 'frozen', what: `Settings ${hash} wait: frozen since ${frozen.at}: ${frozen.reason}` };
  const waiting = await ledger.waiting(target);
  if (waiting !== undefined) return { outcome: 'later', what: waiting.deployment };
  const lock = await ledger.lock(target);
  if (lock?.deployment !== undefined) return { outcome: 'later', what: lock.deployment };
  const claim = await ledger.settingsClaim(target, hash);
  return claim === undefined
    ? begin(settings, hash, live, undefined, ports)
    : resume(settings, hash, live, claim, ports);
}

async function begin(
  settings: Settings,
  hash: string,
  { deployable: { version, digest } }: Placement,
  from: SettingsClaim | undefined,
  ports: Ports,
): Promise<Followed> {
  const cause = `settings changed: revision ${hash}`;
  const request = await unusedRequest({ kind: 'settings', target: targetOf(settings), version, digest, cause }, ports);
  if (!(await ports.ledger.claimSettings(hash, request, from))) return { outcome: 'later', what: request.deployment };
  return start(request, ports);
}

/** What is to be done about a revision that was claimed before. */
async function resume(
  settings: Settings,
  hash: string,
  live: Placement,
  claim: SettingsClaim,
  ports: Ports,
): Promise<Followed> {
  const { deployment, version, digest } = claim.request;
  const isOfLive = digest === live.deployable.digest;
  const [record, execution] = await Promise.all([
    ports.ledger.deployment(deployment),
    ports.executions.status(ports.executions.arn(deployment)),
  ]);
  if (execution?.running === true) return { outcome: 'later', what: deployment };
  if (record?.ended !== undefined) {
    // It was live and others came after it: it was published again because it is wanted back.
    const wasLive = record.ended.result === 'live';
    // With a release that came after it, it is another deployable.
    const isOutdated = !isOfLive && compareVersions(version, live.deployable.version) < 0;
    // Several revisions within a moment may have claimed the same name: it deployed the one that it planned with.
    const hadAnother = record.plan !== undefined && record.plan.deployable.settingsHash !== hash;
    return wasLive || isOutdated || hadAnother
      ? begin(settings, hash, live, claim, ports)
      : { outcome: 'tried', what: deployment };
  }
  // Claimed and not started: the claimant was interrupted.
  if (record === undefined && execution === undefined && isOfLive) return start(claim.request, ports);
  // A start that failed would fail again and again.
  if (execution !== undefined && execution.status !== 'SUCCEEDED') return { outcome: 'tried', what: deployment };
  // It ended before it took the lock, because somebody else held it.
  return begin(settings, hash, live, claim, ports);
}

async function start(request: DeploymentRequest, { executions }: Ports): Promise<Followed> {
  const started = await executions.start(request);
  return { outcome: started === 'started' ? 'started' : 'later', what: request.deployment };
}
