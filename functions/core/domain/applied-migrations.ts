import { MigrationPlan } from '../contract/release.ts';
import type { Facts } from './gates.ts';

/** The names that a migration was planned to record; `undefined`: not known, since the application has no plan. */
export function plannedRecords(facts: Facts): readonly string[] | undefined {
  const plan = MigrationPlan.safeParse(facts['migration-plan']?.detail);
  return plan.success ? recordsOf(plan.data) : undefined;
}

/** The names that a plan's migrations will be recorded by: a squashed one records those that it replaces. */
export function recordsOf(plan: MigrationPlan): readonly string[] {
  return plan.records ?? plan.migrations.map(({ name }) => name);
}

interface Recorded {
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** The names that a migration added to the framework's table. */
export function addedRecords({ before, after }: Recorded): readonly string[] {
  const known = new Set(before);
  return after.filter((name) => !known.has(name));
}

/**
 * What the framework's table says that was not planned, in a sentence; `undefined`: it went by the plan. A migration is the
 * release's own code with the owner's rights, so this is Farol's own look at it. It sees what the framework records and
 * nothing else.
 * @param complete whether all that was planned must be there: not after a migration that failed
 */
export function deviation(
  planned: readonly string[],
  recorded: Recorded,
  { complete }: { readonly complete: boolean },
): string | undefined {
  const after = new Set(recorded.after);
  const added = addedRecords(recorded);
  const found = [
    ['applied without having been planned', added.filter((name) => !planned.includes(name))],
    ['planned and not applied', complete ? planned.filter((name) => !after.has(name)) : []],
    ['recorded before and no longer', recorded.before.filter((name) => !after.has(name))],
  ] as const;
  const words = found.flatMap(([what, names]) => (names.length === 0 ? [] : [`${what}: ${listed(names)}`]));
  return words.length === 0 ? undefined : `The migration did something else than was planned. ${words.join('; ')}.`;
}

/** The first few names, and how many more there are. */
function listed(names: readonly string[]): string {
  const shown = names.slice(0, 10).join(', ');
  return names.length > 10 ? `${shown} and ${names.length - 10} more` : shown;
}
