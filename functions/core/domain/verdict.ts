import type { Settings } from '../contract/settings.ts';

/** What the load balancer counted for one slot in the window of a check. */
export interface SlotCounts {
  readonly requests: number;
  /** Answers 5xx that the application itself made. */
  readonly targetErrors: number;
}

export interface StepObservation {
  readonly candidate: SlotCounts;
  readonly healthyTasks: number;
  readonly neededTasks: number;
  /** Why tasks of the candidate ended by themselves since it was filled, newest first. */
  readonly crashes: readonly string[];
  /** Whether the release's own smoke checks passed again, and how many it has. */
  readonly smoke: { readonly outcome: 'pass' | 'fail'; readonly checks: number; readonly reason: string };
}

export interface StepVerdict {
  readonly outcome: 'pass' | 'fail' | 'inconclusive';
  readonly reason: string;
}

/** How much of a candidate under traffic is too much. */
export type StepLimits = Pick<Settings['analysis'], 'maxErrorShare' | 'minRequests'> &
  Pick<Settings['candidate'], 'crashes'>;

/**
 * Judges one check of a step. The worst finding decides. Tasks that end by themselves count however many are healthy at this
 * moment: ECS starts new ones, and the requests that they cut do not count as 5xx of the target group. A quiet site proves nothing by its error share; its smoke checks
 * then stand for the missing requests, and without any the verdict is `inconclusive`, never a pass.
 */
export function judgeStep(observed: StepObservation, limits: StepLimits): StepVerdict {
  const { candidate, crashes, healthyTasks, neededTasks, smoke } = observed;
  if (smoke.outcome === 'fail') return { outcome: 'fail', reason: `Smoke check failed under traffic: ${smoke.reason}` };
  if (crashes.length >= limits.crashes) {
    return {
      outcome: 'fail',
      reason: `The candidate's tasks end by themselves under traffic (${crashes.length} so far): ${crashes[0]}`,
    };
  }
  if (healthyTasks < neededTasks) {
    return {
      outcome: 'fail',
      reason: `Only ${healthyTasks} of the candidate's ${neededTasks} needed tasks are healthy.`,
    };
  }
  const share = candidate.requests === 0 ? 0 : candidate.targetErrors / candidate.requests;
  const counted = `${candidate.targetErrors} of ${candidate.requests} requests ended in the application's own 5xx`;
  if (candidate.requests >= limits.minRequests) {
    return share > limits.maxErrorShare
      ? { outcome: 'fail', reason: `${counted} (${percent(share)}; allowed ${percent(limits.maxErrorShare)}).` }
      : { outcome: 'pass', reason: `${counted} (${percent(share)}).` };
  }
  if (smoke.checks === 0) {
    return {
      outcome: 'inconclusive',
      reason: `Only ${candidate.requests} requests came (${limits.minRequests} needed), and release.json has no smoke checks.`,
    };
  }
  return {
    outcome: 'pass',
    reason: `${counted}: too few to judge by (${limits.minRequests} needed); ${smoke.checks} smoke checks passed.`,
  };
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
