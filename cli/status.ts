import type { Approval } from '#core/contract/approval.ts';
import type { DeploymentRequest, Head, Lock, Traffic } from '#core/contract/ledger.ts';
import type { Target } from '#core/contract/target.ts';

/** What the ledger says of a target. */
export interface TargetStatus {
  readonly target: Target;
  readonly head: Head;
  readonly lock: Lock | undefined;
  readonly waiting: DeploymentRequest | undefined;
  readonly traffic: Traffic | undefined;
  /** What the deployment that runs asked people. */
  readonly approval?: Approval | undefined;
}

/** A target in a few lines: what is live, what could be gone back to, what runs and waits. */
export function statusLines({ target, head, lock, waiting, traffic, approval }: TargetStatus): string[] {
  const { live, warm, frozen } = head;
  const weights = traffic?.weights ? `, weights blue ${traffic.weights.blue} %, green ${traffic.weights.green} %` : '';
  return [
    target,
    live === undefined
      ? '  live     nothing yet'
      : `  live     ${live.deployable.version} in ${live.slot}, ${live.deployable.digest.slice(0, 19)}, settings ${live.deployable.settingsHash}${weights}`,
    ...(warm === undefined ? [] : [`  warm     ${warm.deployable.version} in ${warm.slot} until ${warm.until}`]),
    ...(lock?.deployment === undefined ? ['  running  nothing'] : [`  running  ${lock.deployment} since ${lock.at}`]),
    ...(approval === undefined || approval.decision !== undefined
      ? []
      : [
          `  asks     until ${approval.until}: farol approve ${approval.context.deployment}, or farol reject ${approval.context.deployment}`,
        ]),
    ...(waiting === undefined ? [] : [`  waiting  ${waiting.deployment}`]),
    ...(frozen === undefined ? [] : [`  frozen   since ${frozen.at} by ${frozen.deployment}: ${frozen.reason}`]),
  ];
}
