import type * as z from 'zod';
import type { DeploymentPlan } from '#core/contract/ledger.ts';
import type { SmokeCheck } from '#core/contract/release.ts';
import type { Settings } from '#core/contract/settings.ts';
import type { Smoke } from '#core/contract/states.ts';
import { planned } from '#core/domain/planned.ts';
import { judgeAnswer, judgeVersion } from '#core/domain/smoke-check.ts';
import type { Answer, Ledger, Prober } from '#core/ports.ts';

interface Ports {
  readonly ledger: Ledger;
  /** Who reaches a target's previews. */
  readonly prober: (settings: Settings) => Prober;
}

/** A check without a `maxMs` of its own is given up after this long. */
const DEFAULT_TIMEOUT_MS = 10_000;

/**
 * Asks a slot through its preview listener, where no user comes: that it answers as the very release and slot it should
 * be, and each of the release's own smoke checks. The live slot is asked what its own release promised.
 */
export async function smoke(
  { context, role }: z.infer<typeof Smoke.input>,
  { ledger, prober: proberOf }: Ports,
): Promise<z.infer<typeof Smoke.output>> {
  const plan = planned(await ledger.deployment(context.deployment), context.deployment);
  // Live answers to the name and the header that its own settings gave it.
  const settings = role === 'candidate' ? plan.settings : await servedSettings(plan, ledger);
  const slot = role === 'candidate' ? plan.candidate : plan.live?.slot;
  const deployable = role === 'candidate' ? plan.deployable : plan.live?.deployable;
  if (slot === undefined || deployable === undefined)
    throw new Error(`${context.deployment} has no live slot to check`);
  const releaseJson = role === 'candidate' ? plan.releaseJson : plan.live?.releaseJson;
  if (releaseJson === undefined) throw new Error(`the ledger knows no release.json of ${deployable.version}`);
  const { preview } = settings.infrastructure.slots[slot];
  const prober = proberOf(settings);
  const address = new URL(settings.address);
  const headers = {
    host: address.host,
    // As users' requests come: the application believes this header.
    [settings.protocolHeader.toLowerCase()]: address.protocol.replace(':', ''),
  };
  const get = async (
    path: string,
    timeoutMs: number,
    judge: (answer: Answer) => string | undefined,
    extra: Record<string, string> = {},
  ): Promise<Finding | undefined> => {
    try {
      const result = await prober.get(new URL(path, preview).href, { ...headers, ...extra }, timeoutMs);
      const failure = 'noAnswer' in result ? `no answer (${result.noAnswer})` : judge(result);
      return failure === undefined ? undefined : { outcome: 'fail', reason: `${path}: ${failure}` };
    } catch (error) {
      const { prober: checker = 'the function smoke' } = settings.infrastructure;
      return {
        outcome: 'error',
        reason: `${checker} could not ask ${path}, which says nothing about the application: ${error instanceof Error ? error.message : String(error)}`,
      };
    }
  };
  const request = (check: SmokeCheck) => () =>
    get(check.path, check.maxMs ?? DEFAULT_TIMEOUT_MS, (answer) => judgeAnswer(check, answer), check.headers);
  const identity = () =>
    get(releaseJson.version, DEFAULT_TIMEOUT_MS, (answer) =>
      judgeVersion({ version: deployable.version, digest: deployable.digest, slot }, answer),
    );
  const ready = request({ path: releaseJson.readyz, status: 200 });
  const found = await aFewAtATime([identity, ready, ...releaseJson.smoke.map(request)]);
  const finding = found.find((one) => one?.outcome === 'fail') ?? found.find((one) => one !== undefined);
  if (finding !== undefined) return finding;
  const checks = found.length;
  await ledger.saveFact(
    context,
    { kind: role === 'candidate' ? 'smoke' : 'live-check', deployable, detail: { checks, slot } },
    `${checks} checks through the preview of ${slot}`,
  );
  return { outcome: 'pass', checks };
}

/** What is wrong with one check: the application failed it, or it could not be asked. */
interface Finding {
  readonly outcome: 'fail' | 'error';
  readonly reason: string;
}

/** Requests under way at once: each takes one of the account's concurrent executions, of which a new account has ten. */
const AT_ONCE = 3;

/** What each of the checks finds, in their order. */
async function aFewAtATime<T>(checks: readonly (() => Promise<T>)[]): Promise<T[]> {
  const found: T[] = [];
  const waiting = checks.entries();
  const ask = async (): Promise<void> => {
    for (const [place, check] of waiting) found[place] = await check();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, ask));
  return found;
}

async function servedSettings({ live }: DeploymentPlan, ledger: Ledger): Promise<Settings> {
  if (live === undefined) throw new Error('nothing is live that could be checked');
  return planned(await ledger.deployment(live.deployment), live.deployment).settings;
}
