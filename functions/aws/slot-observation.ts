import type { Service, Task } from '@aws-sdk/client-ecs';
import type { Rule, TargetHealthDescription } from '@aws-sdk/client-elastic-load-balancing-v2';
import { Digest } from '#core/contract/release.ts';
import type { Settings } from '#core/contract/settings.ts';
import type { Weights } from '#core/contract/slot.ts';
import type { ObservedRule, ObservedService, ObservedSlot, ObservedTask } from '#core/domain/observed.ts';
import { CONTAINER } from './task-definition.ts';

/** AWS's answers about slots in the domain's words. */

/** The path pattern of the production rule: every request. */
export const EVERY_PATH = '/*';

/** Reasons for which ECS ends a task that was not told to end. Source: ECS API reference, Task, stopCode. */
const ENDED_BY_ITSELF: readonly (string | undefined)[] = ['EssentialContainerExited', 'TaskFailedToStart'];

export function readService(service: Service | undefined): ObservedService | null {
  if (service === undefined || service.status !== 'ACTIVE') return null;
  const primary = service.deployments?.find(({ status }) => status === 'PRIMARY');
  return {
    taskDefinition: service.taskDefinition ?? '',
    desired: service.desiredCount ?? 0,
    running: service.runningCount ?? 0,
    pending: service.pendingCount ?? 0,
    failed: primary?.rolloutState === 'FAILED',
    events: (service.events ?? []).slice(0, 3).map(({ message }) => message ?? ''),
  };
}

/** Tasks of a service that have not stopped, each with the health of its registered target, matched by address. */
export function readTasks(tasks: readonly Task[], registered: readonly TargetHealthDescription[]): ObservedTask[] {
  const healthy = new Set(
    registered.filter(({ TargetHealth }) => TargetHealth?.State === 'healthy').map(({ Target }) => Target?.Id),
  );
  return tasks
    .filter(({ lastStatus }) => lastStatus !== 'STOPPED')
    .map((task) => {
      const address = addressOf(task);
      const digest = Digest.safeParse(task.containers?.find(({ name }) => name === CONTAINER)?.imageDigest);
      return {
        taskDefinition: task.taskDefinitionArn ?? '',
        digest: digest.success ? digest.data : undefined,
        running: task.lastStatus === 'RUNNING',
        healthy: address !== undefined && healthy.has(address),
      };
    });
}

export function readCrashes(tasks: readonly Task[]): ObservedSlot['crashes'] {
  return tasks
    .filter(
      ({ lastStatus, stopCode, stoppedReason }) =>
        lastStatus === 'STOPPED' &&
        (ENDED_BY_ITSELF.includes(stopCode) ||
          (stopCode === 'ServiceSchedulerInitiated' && /health checks/.test(stoppedReason ?? ''))),
    )
    .map((task) => {
      const exitCode = task.containers?.find(({ name }) => name === CONTAINER)?.exitCode;
      return {
        taskDefinition: task.taskDefinitionArn ?? '',
        reason: `${task.stoppedReason ?? 'no reason given'}${exitCode === undefined ? '' : ` (exit code ${exitCode})`}.`,
        at: (task.stoppedAt ?? new Date(0)).toISOString(),
      };
    })
    .toSorted((a, b) => (a.at < b.at ? 1 : -1));
}

/** States of a registered target that need no reason: it serves, or is on its way out. */
const UNREMARKABLE: readonly (string | undefined)[] = ['healthy', 'draining', 'unhealthy.draining'];

/** Why registered targets are not healthy, in the load balancer's words. */
export function readUnhealthyReasons(registered: readonly TargetHealthDescription[]): string[] {
  return registered.flatMap(({ TargetHealth: { State, Reason, Description } = {} }) =>
    UNREMARKABLE.includes(State)
      ? []
      : [`the load balancer says ${Reason ?? State ?? 'nothing'}: ${Description ?? 'no description'}`],
  );
}

/** The production rule among a listener's rules, by its priority; what does not look like Farol's own is said in `foreign`. */
export function readRule(
  rules: readonly Rule[],
  { rulePriority, slots }: Settings['infrastructure'],
): ObservedRule | null {
  const rule = rules.find(({ Priority }) => Priority === String(rulePriority));
  if (rule?.RuleArn === undefined) return null;
  const weights = weightsOf(rule, slots);
  return { arn: rule.RuleArn, weights, foreign: whyForeign(rule, slots, weights) };
}

/** In words, what of the rule is not as Farol writes it; `null`: nothing. */
function whyForeign(
  { Actions: actions = [], Conditions: conditions = [] }: Rule,
  { blue, green }: Settings['infrastructure']['slots'],
  weights: Weights,
): string | null {
  const [action] = actions;
  if (actions.length !== 1 || action?.Type !== 'forward')
    return `its action is ${actions.map(({ Type }) => Type).join(', ') || 'none'} instead of one forward`;
  const others = (action.ForwardConfig?.TargetGroups ?? [])
    .map(({ TargetGroupArn }) => TargetGroupArn)
    .filter((arn) => arn !== blue.targetGroup && arn !== green.targetGroup);
  if (others.length > 0) return `it forwards to ${others.join(', ')}`;
  if (weights.blue + weights.green !== 100) return `its weights are ${weights.blue} and ${weights.green}`;
  if (action.ForwardConfig?.TargetGroupStickinessConfig?.Enabled === true)
    return 'it keeps each client with one target group';
  const [condition] = conditions;
  const paths = condition?.PathPatternConfig?.Values ?? condition?.Values ?? [];
  if (conditions.length !== 1 || condition?.Field !== 'path-pattern' || !paths.includes(EVERY_PATH))
    return 'it does not hold for every request';
  return null;
}

function weightsOf(rule: Rule, slots: Settings['infrastructure']['slots']): Weights {
  const groups = rule.Actions?.[0]?.ForwardConfig?.TargetGroups ?? [];
  const weightOf = (arn: string) => groups.find(({ TargetGroupArn }) => TargetGroupArn === arn)?.Weight ?? 0;
  return { blue: weightOf(slots.blue.targetGroup), green: weightOf(slots.green.targetGroup) };
}

function addressOf({ attachments, containers }: Task): string | undefined {
  const details = attachments?.find(({ type }) => type === 'ElasticNetworkInterface')?.details;
  return (
    details?.find(({ name }) => name === 'privateIPv4Address')?.value ??
    containers?.flatMap(({ networkInterfaces }) => networkInterfaces ?? [])[0]?.privateIpv4Address
  );
}
