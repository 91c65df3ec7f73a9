import { milliseconds } from '#core/contract/duration.ts';
import { otherSlot, SLOTS, type Slot } from '#core/contract/slot.ts';
import { healthyNeeded } from '#core/domain/traffic-plan.ts';
import { factsOf, type IntentTold, intents, lastAt, lives, type Run, told } from '../run.ts';
import { changesOfWeights, type Moment, slotOf } from '../timeline.ts';

/** I1. @param mayDie versions whose tasks end by themselves under traffic: a weight on dead targets is then noticed at the next check */
export function trafficGoesToHealthyApproved(run: Run, mayDie: readonly string[]): string[] {
  const all = intents(run);
  const deployments = told(run);
  const approved = (version: string, at: number): boolean =>
    deployments.some((one) => one.version === version && factsOf(run, one.deployment, at).has('smoke'));
  return run.moments.flatMap((moment) =>
    SLOTS.flatMap((slot) => {
      const weight = moment.weights?.[slot] ?? 0;
      const { healthy } = moment.slots[slot];
      if (weight === 0) return [];
      if (healthy.length === 0)
        return mayDie.includes(intended(all, slot, moment.at))
          ? []
          : [`${when(moment)}: ${slot} has ${weight} % and no healthy target`];
      return [...new Set(healthy)].flatMap((version) =>
        approved(version, moment.at)
          ? []
          : [`${when(moment)}: ${slot} has ${weight} % with ${version}, which has not passed its smoke checks`],
      );
    }),
  );
}

/** I3, weights. */
export function factsBeforeWeights(run: Run): string[] {
  return raises(run).flatMap(({ moment, slot, intent }) => {
    const filled = intent.slots[slot];
    if (filled.state !== 'filled') return [`${when(moment)}: weight on ${slot}, which must be empty`];
    const { version } = filled.deployable;
    const approval = run.settings.approval === undefined ? [] : ['approval'];
    const lacks = told(run)
      .filter((one) => one.version === version)
      .map(({ deployment }) => {
        const facts = factsOf(run, deployment, moment.at);
        const migration = facts.has('to migrate') ? ['migration'] : [];
        return ['provenance', 'scan', 'smoke', ...migration, ...approval].filter((kind) => !facts.has(kind));
      });
    // A version that was deployed again has several deployments, one of which has proven all.
    const [lack = ['provenance']] = lacks.toSorted((one, other) => one.length - other.length);
    return lack.map((kind) => `${when(moment)}: ${slot} got weight without the fact ${kind} of ${version}`);
  });
}

/** I4. @param mayDie versions whose tasks end by themselves, also between the look at them and the weights */
export function healthBeforeWeights(run: Run, mayDie: readonly string[]): string[] {
  const { calls } = run;
  return raises(run).flatMap(({ moment, slot, weight, intent }) => {
    const filled = intent.slots[slot];
    if (filled.state !== 'filled') return [];
    const { version } = filled.deployable;
    const needed = intent.phase === 'restore' ? 1 : healthyNeeded(weight, filled.desired);
    const healthy = moment.slots[slot].healthy.filter((one) => one === version).length;
    const written = calls.findLastIndex(
      ({ service, operation, at }) =>
        service === 'elbv2' && /^(Create|Modify)Rule$/.test(operation) && Date.parse(at) <= moment.at,
    );
    const looked = calls
      .slice(0, written)
      .findLast(
        ({ operation, params }) =>
          operation === 'DescribeTargetHealth' &&
          params['TargetGroupArn'] === run.settings.infrastructure.slots[slot].targetGroup,
      );
    return [
      ...(healthy >= needed || mayDie.includes(version)
        ? []
        : [`${when(moment)}: ${slot} got ${weight} % with ${healthy} of ${needed} healthy targets`]),
      ...(looked && moment.at - Date.parse(looked.at) < LOOK_IS_FRESH
        ? []
        : [`${when(moment)}: ${slot} got ${weight} % without a look at its targets`]),
    ];
  });
}
/** Milliseconds that a look at the targets may be older than the weights that rest on it. */
const LOOK_IS_FRESH = 3000;

/** I5. */
export function liveKeepsItsCapacity(run: Run): string[] {
  const { drain, traffic } = run.settings;
  const changes = changesOfWeights(run.moments);
  return told(run).flatMap(({ deployment, version, began, ended }) => {
    const live = lastAt(lives(run), began);
    const promoted = lives(run).find((one) => one.deployment === deployment);
    if (live === undefined) return [];
    const whole = changes.find(({ at, weights }) => at > began && promoted && weights[promoted.slot] === 100);
    const held = milliseconds(traffic.at(-1)?.bake ?? '0s') + milliseconds(drain.settle);
    const until = whole === undefined ? (ended?.at ?? began) : whole.at + held;
    const lost = run.moments.filter(
      ({ at, event }) =>
        at >= began &&
        at < until &&
        event.type === 'task' &&
        slotOf(run.settings, event) === live.slot &&
        ['DEACTIVATING', 'STOPPING'].includes(event.status),
    );
    return lost.map(
      (moment) => `${when(moment)}: a task of ${live.version} in ${live.slot} ended while ${version} was not settled`,
    );
  });
}

/** I5 for every slot: no count is lowered before the settle time after its last share of the traffic. */
export function slotsSettleBeforeTheyEmpty(run: Run): string[] {
  const settle = milliseconds(run.settings.drain.settle);
  const changes = changesOfWeights(run.moments);
  const { app, environment } = run.settings;
  return run.calls.flatMap(({ at, operation, params, status }) => {
    if (operation !== 'UpdateService' || params['desiredCount'] !== 0 || status !== 200) return [];
    const slot = SLOTS.find((one) => params['service'] === `${app}-${environment}-${one}`);
    if (slot === undefined) return [`${at}: a service of no slot was emptied`];
    const emptied = Date.parse(at);
    const before = changes.filter((change) => change.at <= emptied);
    const weight = before.at(-1)?.weights[slot] ?? 0;
    const since = before.findLast(
      (change) => change.before !== null && change.before[slot] > 0 && change.weights[slot] === 0,
    );
    return [
      ...(weight === 0 ? [] : [`${at}: ${slot} was emptied with ${weight} % of the traffic`]),
      ...(since === undefined || emptied - since.at >= settle
        ? []
        : [
            `${at}: ${slot} was emptied ${emptied - since.at} ms after its weight became 0; settling takes ${settle} ms`,
          ]),
    ];
  });
}

/** Health check and drain of what serves, or could at once, are not touched. */
export function targetGroupsChangeWhileEmpty({ calls, moments, settings: { infrastructure } }: Run): string[] {
  return calls.flatMap(({ at, operation, params }) => {
    if (operation !== 'ModifyTargetGroup' && operation !== 'ModifyTargetGroupAttributes') return [];
    const slot = SLOTS.find((one) => infrastructure.slots[one].targetGroup === params['TargetGroupArn']);
    if (slot === undefined) return [`${at}: a target group of no slot was changed`];
    const then = lastAt(moments, Date.parse(at));
    const targets = then?.slots[slot].targets.size ?? 0;
    const weight = then?.weights?.[slot] ?? 0;
    return targets === 0 && weight === 0
      ? []
      : [`${at}: ${operation} on ${slot} with ${targets} targets and ${weight} % of the traffic`];
  });
}

/** I6. */
export function everyEndIsATerminalState(run: Run): string[] {
  const frozen = run.ledger.entries.filter(({ type }) => type === 'frozen' || type === 'unfrozen');
  return told(run).flatMap(({ deployment, ended }) => {
    if (ended === undefined) return [];
    const weights = lastAt(run.moments, ended.at)?.weights ?? null;
    const live = lastAt(lives(run), ended.at);
    const isFrozen = frozen.findLast(({ at }) => Date.parse(at) <= ended.at)?.type === 'frozen';
    if (isFrozen) return [];
    if (live === undefined) return weights === null ? [] : [`${deployment}: nothing is live, yet there is a rule`];
    return weights?.[live.slot] === 100 && weights[otherSlot(live.slot)] === 0
      ? []
      : [`${deployment} ended with weights ${JSON.stringify(weights)}, while ${live.slot} is live`];
  });
}

/** I7. */
export function failuresLeaveLiveAlone(run: Run): string[] {
  return told(run).flatMap(({ deployment, began, ended }) => {
    if (ended === undefined || ended.result === 'live') return [];
    const before = lastAt(lives(run), began);
    const after = lastAt(lives(run), ended.at);
    const running = after && lastAt(run.moments, ended.at)?.slots[after.slot].healthy;
    return [
      ...(before?.version === after?.version && before?.slot === after?.slot
        ? []
        : [`${deployment} ended ${ended.result}, yet ${after?.version} is live instead of ${before?.version}`]),
      ...(running?.every((version) => version === after?.version) === false
        ? [`after ${deployment} the live slot runs ${running.join(', ')}`]
        : []),
    ];
  });
}

/** I15. @param mayDie versions that cut their own requests */
export function noRequestIsLost(run: Run, mayDie: readonly string[]): string[] {
  const lost = run.requests.filter(
    ({ at, ms, lost: why }) => why !== undefined && !mayDieThen(run, at, at + ms, mayDie),
  );
  return [
    ...lost.map((request) => `lost: ${JSON.stringify(request)}`),
    ...run.tallies.flatMap(({ broken, sent }) => [
      ...Object.keys(broken).map((file) => `a page lacked a file: ${file}`),
      ...(sent > 0 ? [] : ['nothing was asked']),
    ]),
  ].slice(0, 20);
}

/** Whether a version that cuts its requests had a share of the traffic, a moment ago at the most. */
function mayDieThen(run: Run, from: number, to: number, mayDie: readonly string[]): boolean {
  const all = intents(run);
  return run.moments.some(
    ({ at, weights }) =>
      at >= from - REACHES_NODES &&
      at <= to &&
      SLOTS.some((slot) => (weights?.[slot] ?? 0) > 0 && mayDie.includes(intended(all, slot, at))),
  );
}
/** Milliseconds until the last node of the load balancer has heard of new weights. */
const REACHES_NODES = 2000;

/** The version that a slot was last meant to hold: it still has its weight when the intent that takes it away is written. */
function intended(all: readonly IntentTold[], slot: Slot, at: number): string {
  const intent = all.findLast((one) => one.at <= at && one.slots[slot].state === 'filled')?.slots[slot];
  return intent?.state === 'filled' ? intent.deployable.version : '';
}

interface Raise {
  readonly moment: Moment;
  readonly slot: Slot;
  readonly weight: number;
  readonly intent: IntentTold;
}

/** Each time that a slot got a larger share, with the intent behind it. */
function raises(run: Run): Raise[] {
  const all = intents(run);
  return changesOfWeights(run.moments).flatMap((moment) => {
    const intent = lastAt(all, moment.at);
    if (intent === undefined) throw new Error(`${when(moment)}: weights without an intent`);
    return SLOTS.flatMap((slot) => {
      const weight = moment.weights[slot];
      return weight > (moment.before?.[slot] ?? 0) ? [{ moment, slot, weight, intent }] : [];
    });
  });
}

function when({ at }: Moment): string {
  return new Date(at).toISOString();
}
