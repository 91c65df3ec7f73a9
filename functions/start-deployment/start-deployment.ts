import * as z from 'zod';
import type { PersonalRequest } from '#core/contract/caller.ts';
import { StartDeployment } from '#core/contract/redeployment.ts';
import { type Settings, targetOf } from '#core/contract/settings.ts';
import { refusalOf } from '#core/domain/order.ts';
import type { Executions, Ledger, ReleaseSource, SettingsStore } from '#core/ports.ts';
import { beginDeployment } from '#core/use-cases/begin-deployment.ts';
import { neverLiveBefore } from '#core/use-cases/promotion-gate.ts';

interface Ports {
  readonly ledger: Ledger;
  readonly executions: Executions;
  readonly settings: SettingsStore;
  readonly releases: ReleaseSource;
}

type Output = z.infer<typeof StartDeployment.output>;

/**
 * Deploys a version that is in the repository because a person says so, under a name of its own: a release that was
 * refused or rolled back has used up the name that its push or its promotion gave it. Each call is a deployment. What the
 * target would refuse is said at once; nothing is written for it.
 */
export async function startDeployment({ input, caller }: PersonalRequest, ports: Ports): Promise<Output> {
  const { data: order, error } = StartDeployment.input.safeParse(input);
  if (order === undefined) return refused(`Not an order to deploy. ${z.prettifyError(error)}`);
  const { target, version, rescue } = order;
  const settings = await settingsOf(target, ports);
  if (typeof settings === 'string') return refused(settings);
  const digest = await ports.releases.digest(settings.repository, version);
  if (digest === undefined) return refused(`The repository ${settings.repository} holds no image ${version}.`);
  const { frozen, ...head } = await ports.ledger.head(target);
  const refusal =
    refusalOf({ target, version, digest }, rescue === undefined ? { ...head, frozen } : head) ??
    (await neverLiveBefore(settings, { version, digest }, ports.ledger));
  if (refusal !== undefined) return refused(`${version} is not deployed to ${target}. ${refusal}`);
  if (rescue !== undefined && frozen !== undefined) {
    const cause = `${caller.userArn}: rescue by ${version}: ${rescue}`;
    if (!(await ports.ledger.unfreeze(target, frozen, cause)))
      return refused(`A deployment of ${target} has not ended yet, or was frozen again: look again when it has.`);
  }
  const cause = rescue === undefined ? 'redeployment' : `rescue (${rescue})`;
  const { outcome, deployment } = await beginDeployment(
    {
      target,
      version,
      digest,
      cause: `${cause} by ${caller.userArn}`,
      ...(rescue !== undefined && { rescue: true as const }),
    },
    ports,
  );
  switch (outcome) {
    case 'started':
      return { outcome, deployment, sentence: `${deployment} has begun.` };
    case 'queued':
      return { outcome, deployment, sentence: `${deployment} begins when what runs on ${target} has ended.` };
    case 'older':
      return refused(`${version} is not deployed to ${target}: a newer version is waiting already.`);
    default:
      return outcome satisfies never;
  }
}

/** The settings of a target, or a sentence that says why they cannot be had. */
async function settingsOf(target: string, { settings }: Ports): Promise<Settings | string> {
  const targets = await settings.all();
  for (const one of targets) {
    if ('settings' in one && targetOf(one.settings) === target) return one.settings;
    if ('error' in one && one.target === target) return `The settings of ${target} cannot be read: ${one.error}`;
  }
  const known = targets.map((one) => ('settings' in one ? targetOf(one.settings) : one.target));
  return `There is no target ${target}; there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ') || 'none'}.`;
}

function refused(sentence: string): Output {
  return { outcome: 'refused', sentence };
}
