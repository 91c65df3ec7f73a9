import type { Service, Task } from '@aws-sdk/client-ecs';
import type { Rule, TargetHealthDescription } from '@aws-sdk/client-elastic-load-balancing-v2';
import { Digest } from '#core/contract/release.ts';
import type { Settings } from '#core/contract/settings.ts';
import type { ObservedRule, ObservedService, ObservedSlot, ObservedTask } from '#core/domain/observed.ts';
import { CONTAINER } from './task-definition.ts';

/** AWS's answers about slots in the domain's words. */

/** Reasons for which ECS ends a task that nobody wanted ended. Source: ECS API reference, Task, stopCode. */
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

/** Tasks of a service that have not stopped, each with its target's health, matched by address. */
export function readTasks(tasks: readonly Task[], targets: readonly TargetHealthDescription[]): ObservedTask[] {
  const healthy = new Set(
    targets.filter(({ TargetHealth }) => TargetHealth?.State === 'healthy').map(({ Target }) => Target?.Id),
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

/** Why targets are not healthy, in the load balancer's words; draining ones are on their way out and need no reason. */
export function readUnhealthyReasons(targets: readonly TargetHealthDescription[]): string[] {
  return targets.flatMap(({ TargetHealth }) =>
    TargetHealth?.State === 'unhealthy' || TargetHealth?.State === 'initial'
      ? [
          `the load balancer says ${TargetHealth.Reason ?? TargetHealth.State}: ${TargetHealth.Description ?? 'no description'}`,
        ]
      : [],
  );
}

/** The production rule among a listener's rules, by its priority; what does not look like Farol's own is said in `foreign`. */
export function readRule(rules: readonly Rule[], { rulePriority, slots }: Settings['place']): ObservedRule | null {
  const rule = rules.find(({ Priority }) => Priority === String(rulePriority));
  if (rule?.RuleArn === undefined) return null;
  const groups = rule.Actions?.[0]?.ForwardConfig?.TargetGroups ?? [];
  const weightOf = (arn: string) => groups.find(({ TargetGroupArn }) => TargetGroupArn === arn)?.Weight ?? 0;
  const strangers = groups.filter(
    ({ TargetGroupArn }) => TargetGroupArn !== slots.blue.targetGroup && TargetGroupArn !== slots.green.targetGroup,
  );
  const weights = { blue: weightOf(slots.blue.targetGroup), green: weightOf(slots.green.targetGroup) };
  const foreign =
    rule.Actions?.length !== 1 || rule.Actions[0]?.Type !== 'forward'
      ? `its action is ${(rule.Actions ?? []).map(({ Type }) => Type).join(', ') || 'none'} instead of one forward`
      : strangers.length > 0
        ? `it forwards to ${strangers.map(({ TargetGroupArn }) => TargetGroupArn).join(', ')}`
        : weights.blue + weights.green === 100
          ? null
          : `its weights are ${weights.blue} and ${weights.green}`;
  return { arn: rule.RuleArn, weights, foreign };
}

function addressOf({ attachments, containers }: Task): string | undefined {
  const details = attachments?.find(({ type }) => type === 'ElasticNetworkInterface')?.details;
  return (
    details?.find(({ name }) => name === 'privateIPv4Address')?.value ??
    containers?.flatMap(({ networkInterfaces }) => networkInterfaces ?? [])[0]?.privateIpv4Address
  );
}
