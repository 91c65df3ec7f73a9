import { seconds } from '#core/contract/duration.ts';
import { promotedFrom, type Settings } from '#core/contract/settings.ts';
import { nearest } from './known-keys.ts';

type Target = Pick<Settings, 'app' | 'environment' | 'source' | 'approval'>;

/** What is wrong with a target's source, and where. */
export interface PromotionProblem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Mistakes in which target is promoted from which: each must lead back to one that is deployed from pushes, by way of people's approvals. */
export function promotionProblems(targets: readonly Target[]): PromotionProblem[] {
  const byName = new Map(targets.map((target) => [nameOf(target), target]));
  return targets.flatMap((target, i): PromotionProblem[] => {
    const at = (key: keyof Target, message: string) => ({ path: ['targets', i, key], message });
    const { approval, app } = target;
    const hasty = approval !== undefined && seconds(approval.timeout) < 300;
    const timeout = hasty
      ? [{ path: ['targets', i, 'approval', 'timeout'], message: 'at least 5m: people must have read the question' }]
      : [];
    const source = promotedFrom(target);
    if (source === undefined) return timeout;
    const from = byName.get(source);
    if (from === undefined)
      return [
        at(
          'source',
          `there is no target ${source}; did you mean "promotion of ${nearest(source, others(target, byName)) ?? '...'}"?`,
        ),
      ];
    if (from.app !== app) return [at('source', `${source} runs another application's images than ${app}`)];
    if (goesInCircle(target, byName)) return [at('source', `promotion goes in a circle, and no push ever comes in`)];
    if (approval === undefined)
      return [at('approval', `what is promoted needs an approval here, as in approval: { timeout: '1d' }`)];
    return timeout;
  });
}

function nameOf({ app, environment }: Target): string {
  return `${app}/${environment}`;
}

function others(target: Target, byName: ReadonlyMap<string, Target>): string[] {
  return [...byName.keys()].filter((name) => name !== nameOf(target));
}

function goesInCircle(target: Target, byName: ReadonlyMap<string, Target>): boolean {
  const seen = new Set<Target>();
  let next: Target | undefined = target;
  while (next !== undefined && !seen.has(next)) {
    seen.add(next);
    const source = promotedFrom(next);
    next = source === undefined ? undefined : byName.get(source);
  }
  return next !== undefined;
}
