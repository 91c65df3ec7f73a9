import { Counts, type Outcome } from './counters.ts';
import type { Target } from './target.ts';
import type { TargetGroup } from './target-group.ts';

/** Counts of one load balancer over some time: all of it, by target group, and by the version of what answered. */
export class Statistics {
  readonly total = new Counts();
  readonly byGroup = new Map<TargetGroup, Counts>();
  readonly byVersion = new Map<string, Counts>();

  add(outcome: Outcome, group: TargetGroup | undefined, target: Target | undefined): void {
    this.total.add(outcome);
    if (group) of(this.byGroup, group).add(outcome);
    if (target?.version !== undefined) of(this.byVersion, target.version).add(outcome);
  }
}

function of<K>(map: Map<K, Counts>, key: K): Counts {
  let counts = map.get(key);
  if (!counts) map.set(key, (counts = new Counts()));
  return counts;
}
