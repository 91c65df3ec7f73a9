import { ParameterStoreChange } from '#core/contract/events.ts';
import { targetOf } from '#core/contract/settings.ts';
import { SETTINGS_PATH } from '#core/contract/target.ts';
import type { Executions, Ledger, Notifier, SettingsStore } from '#core/ports.ts';
import { type Followed, followSettings } from '#core/use-cases/follow-settings.ts';

/** What became of the event; `ignored`: it is not about a target's settings, and `what` says why. */
export type SettingsOutcome = Followed | { readonly outcome: 'ignored' | 'unreadable'; readonly what: string };

interface Ports {
  readonly ledger: Ledger;
  readonly executions: Executions;
  readonly settings: SettingsStore;
  readonly notifier: Notifier;
  readonly warn: (message: string) => void;
}

/** What a parameter's new value can mean; a label or an end of the parameter changes no settings. */
const WRITES: readonly string[] = ['Create', 'Update'];

/**
 * What a change of a parameter means: a deployment of what is live with the target's new settings, or nothing. Settings
 * that do not parse change nothing: people are told, and what is live stays as it is.
 */
export async function receiveSettings(event: unknown, ports: Ports): Promise<SettingsOutcome> {
  const target = readChange(event);
  if ('not' in target) return { outcome: 'ignored', what: target.not };
  const found = (await ports.settings.all()).find((one) => nameOf(one) === target.name);
  if (found === undefined) return { outcome: 'ignored', what: `there is no parameter ${SETTINGS_PATH}/${target.name}` };
  if ('settings' in found) {
    const followed = await followSettings(found.settings, ports);
    if (followed.outcome === 'frozen') await ports.notifier.publish(`${target.name}: settings wait`, followed.what);
    return followed;
  }
  const sentence = `The settings in ${SETTINGS_PATH}/${target.name} cannot be used, and nothing was changed: ${found.error}`;
  ports.warn(sentence);
  await ports.notifier.publish(`${target.name}: settings cannot be used`, sentence);
  return { outcome: 'unreadable', what: sentence };
}

/** The target whose settings an event says were written, or in words why it says none. */
function readChange(event: unknown): { readonly name: string } | { readonly not: string } {
  const parsed = ParameterStoreChange.safeParse(event);
  if (!parsed.success)
    return {
      not: `not a Parameter Store change: ${parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')}`,
    };
  const { name, operation } = parsed.data.detail;
  const prefix = `${SETTINGS_PATH}/`;
  if (!name.startsWith(prefix)) return { not: `${name.slice(0, 200)} is no target's settings` };
  return WRITES.includes(operation)
    ? { name: name.slice(prefix.length) }
    : { not: `operation ${operation.slice(0, 100)} writes no settings` };
}

function nameOf(one: Awaited<ReturnType<SettingsStore['all']>>[number]): string {
  return 'settings' in one ? targetOf(one.settings) : one.target;
}
