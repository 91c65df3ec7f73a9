import { flowOf, releaseDefinition } from '../../statemachines/definition.ts';
import type { Outcome, ReleaseToPush } from '../source/releases.ts';
import type { Execution, Stay } from './execution.ts';

/** Outcomes of a state's function after which a deployment does not go on. */
const BAD = new Set(['fail', 'failed', 'refused', 'stuck', 'needs person', 'inconclusive', 'error']);
/** States that come after the decision; what they answer decides nothing about the release. */
const AFTER = new Set(['Roll back', 'Freeze', 'Finish', 'Promote']);

/** How a deployment ended, in a release's words; undefined: in none of the ways that a rung can expect. */
export function outcomeOf(execution: Execution): Outcome | undefined {
  if (execution.status === 'SUCCEEDED') return 'live';
  if (execution.status !== 'FAILED') return undefined;
  if (execution.error === 'refused') return 'refused';
  if (execution.error !== 'rolled back') return undefined;
  return execution.stays.some(({ state }) => state === 'Shift traffic') ? 'rolled back' : 'failed before traffic';
}

/**
 * The state whose answer ended the way forward. A Parallel state stands for those within it where the history leaves them out, as that
 * of MiniStack does and that of AWS does not.
 */
export function failedIn({ stays }: Execution): string | undefined {
  return stays.findLast((stay) => isBad(stay) && !AFTER.has(stay.state))?.state;
}

function isBad({ kind, outcome = [] }: Stay): boolean {
  return (kind === 'Task' || kind === 'Parallel') && [outcome].flat().some((one) => BAD.has(one));
}

/** Names of the states within a Parallel state of the state machine. */
function statesWithin(state: string): string[] {
  const { States } = flowOf(releaseDefinition());
  return (States[state]?.Branches ?? []).flatMap((branch) => Object.keys(branch.States));
}

/** What is otherwise than the release says; empty: all as it should be. */
export function complaints(release: ReleaseToPush, execution: Execution): string[] {
  const outcome = outcomeOf(execution);
  const state = failedIn(execution);
  const where = state === undefined ? [] : [state, ...statesWithin(state)];
  const { cause = '' } = execution;
  return [
    ...(outcome === release.outcome
      ? []
      : [
          `it ended ${outcome ?? `${execution.status} (${execution.error ?? 'no error'})`} instead of ${release.outcome}`,
        ]),
    ...(release.state === undefined || where.includes(release.state)
      ? []
      : [`it failed in "${state ?? 'no state'}" instead of "${release.state}"`]),
    ...(release.reason === undefined || cause.includes(release.reason)
      ? []
      : [`its reason does not contain "${release.reason}"`]),
  ];
}
