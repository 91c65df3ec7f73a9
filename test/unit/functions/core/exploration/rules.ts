import { otherSlot, SLOTS } from '#core/contract/slot.ts';
import { healthyNeeded } from '#core/domain/traffic-plan.ts';
import { candidateSlot, type State, type Step } from './explore.ts';
import { MODEL_SETTINGS, VERSIONS, weightOf } from './model.ts';

/** What is wrong with a step, by the invariants of docs/invariants.md. */
export function wrongIn(from: State, step: Step): string[] {
  return [
    ...wrongChange(from, step),
    ...wrongWorld(step.after),
    ...wrongTurn(from, step),
    ...wrongEnd(from, step.after),
  ];
}

/** A change of AWS that was not to be made at that moment. */
function wrongChange(from: State, { change, after }: Step): string[] {
  if (change === undefined) return [];
  const { action, seen } = change;
  if (action.do === 'create rule' || action.do === 'set weights')
    return SLOTS.flatMap((slot) => {
      const weight = action.weights[slot];
      if (weight <= weightOf(from.world, slot)) return [];
      const intent = after.intent?.slots[slot];
      if (intent?.state !== 'filled') return [`I1: ${weight} % to ${slot}, which is to hold nothing`];
      const version = intent.deployable.version === 'v1.0.0' ? 'old' : 'new';
      const { healthy } = seen.slots[slot].tasks[version];
      const needed = from.stage === 'restore' ? 1 : healthyNeeded(weight, intent.desired);
      return healthy < needed ? [`I4: ${weight} % to ${slot} with ${healthy} of ${needed} healthy tasks`] : [];
    });
  if (action.do === 'empty slot' || action.do === 'fill slot') {
    const { slot } = action;
    if (weightOf(from.world, slot) > 0) return [`I1: ${action.do} of ${slot}, which gets traffic`];
    // DescribeRules tells what is configured; load balancer nodes may still send by the weights before.
    const mayGetTraffic = from.settled === false && (from.world.slots[slot].service?.desired ?? 0) > 0;
    return mayGetTraffic ? [`I5: ${action.do} of ${slot} before the weights have settled`] : [];
  }
  if (action.do === 'set health check' || action.do === 'set drain') {
    const { tasks, service } = seen.slots[action.slot];
    const holds = VERSIONS.some((version) => Object.values(tasks[version]).some((count) => count > 0));
    return holds || (service?.desired ?? 0) > 0 ? [`I5: ${action.do} of ${action.slot}, which holds tasks`] : [];
  }
  if (action.do === 'register scalable target') {
    const during = from.stage === 'empty' || from.stage === 'start' || from.stage === 'shift';
    const ofLive = action.slot === from.live?.slot;
    return during && ofLive && action.scaleIn ? ['I5: live may scale in during a deployment'] : [];
  }
  return [];
}

/** What must not be true at any moment. */
function wrongWorld({ world }: State): string[] {
  return SLOTS.filter((slot) => {
    const { tasks } = world.slots[slot];
    const mixed = VERSIONS.every((version) => tasks[version].starting + tasks[version].healthy > 0);
    return mixed && weightOf(world, slot) > 0;
  }).map((slot) => `I1: two releases behind the weight of ${slot}`);
}

/** A turn that judged what it saw wrongly. Judged where the look was a fresh one. */
function wrongTurn(from: State, { after, waits }: Step): string[] {
  if (from.before !== undefined) return [];
  const wrong: string[] = [];
  const { world, live } = from;
  if (from.stage === 'start' && after.stage === 'shift') {
    const candidate = world.slots[candidateSlot(from)];
    const intent = from.intent?.slots[candidateSlot(from)];
    // What scaling adds meanwhile need not be waited for.
    const desired = intent?.state === 'filled' ? intent.desired : 1;
    if (candidate.tasks.new.healthy < desired)
      wrong.push(`I4: called ready with ${candidate.tasks.new.healthy} of ${desired} healthy tasks`);
    if (live !== undefined && world.slots[live.slot].scaling?.scaleIn === true)
      wrong.push('I5: live may scale in beside a candidate');
  }
  if (waits === true && from.stage === 'start') {
    const candidate = world.slots[candidateSlot(from)];
    const filled = candidate.service?.version === 'new' && candidate.service.desired > 0;
    if (filled && from.late) wrong.push('I10: waits though the time for it is over');
    if (filled && candidate.crashes >= MODEL_SETTINGS.candidate.crashes)
      wrong.push('I10: waits for what crashes again and again');
  }
  if (from.stage === 'restore' && after.stage === 'frozen' && live !== undefined) {
    const { service, tasks } = world.slots[live.slot];
    if (service?.version === live.version && tasks[live.version].healthy > 0)
      wrong.push('I9: frozen though live is well');
  }
  return wrong;
}

/** An end that is not a good one. */
function wrongEnd(from: State, { stage, live, warm, world, before }: State): string[] {
  if (stage !== 'done' || from.stage === 'done') return [];
  if (live === undefined) return world.blue === null ? [] : ['I6: traffic, and nothing is live'];
  const serving = world.slots[live.slot];
  const other = world.slots[otherSlot(live.slot)];
  // An old look may not show yet that a task has died since.
  const unseen = from.before !== undefined || before !== undefined;
  return [
    ...(weightOf(world, live.slot) === 100 ? [] : [`I6: ended with ${weightOf(world, live.slot)} % on live`]),
    ...(serving.tasks[live.version].healthy > 0 || unseen ? [] : ['I6: ended without a healthy task of live']),
    ...(serving.scaling?.scaleIn === true && serving.scaling.scaleOut && serving.scaling.targetValue
      ? []
      : ['I6: ended with live that cannot scale']),
    ...(warm === undefined && (other.service?.desired ?? 0) > 0 ? ['I6: ended with a slot that nothing needs'] : []),
    ...(warm?.over === true && (other.service?.desired ?? 0) > 0 ? ['I6: ended with a warm slot past its time'] : []),
    ...(warm?.over === false && other.scaling?.scaleIn === true ? ['I6: ended with a warm slot that scales in'] : []),
  ];
}
