import type { Phase } from '#core/contract/ledger.ts';
import type { Context } from '#core/contract/states.ts';
import { converge } from '../../../../functions/converge/converge.ts';
import type { Behaviour } from '../../../fakes/behaviour.ts';
import { Workflow } from '../../../workflow/harness.ts';
import { Aborted } from '../../../workflow/interpreter.ts';

export const TARGET = 'web/production';

/** A deployment that stands before its first call of a phase; what it has proven by then is in the ledger. */
export async function before(phase: Phase, behaviour: Behaviour = {}, { atWeight = 10 } = {}) {
  const workflow = new Workflow();
  const { world, ledger, clock } = workflow;
  await workflow.deploy(world.push('v1.0.0'));
  const request = workflow.request(world.push('v1.1.0', behaviour));
  workflow.beforeInvoke = (name, payload) => {
    const asked = JSON.stringify(payload);
    const share = phase === 'shift' ? `"weight":${atWeight}` : '';
    if (name === '${ConvergeFunction}' && asked.includes(`"phase":"${phase}"`) && asked.includes(share))
      throw new Aborted('stopped');
  };
  await workflow.runOrAbort(request);
  workflow.beforeInvoke = () => {};
  const { token = 0 } = (await ledger.lock(TARGET)) ?? {};
  const context: Context = { target: TARGET, deployment: request.deployment, token };
  const changes = () => ledger.changes.filter(({ deployment }) => deployment === request.deployment);
  const call = (input: { phase?: Phase; weight?: number; reason?: string } = {}) =>
    converge(
      { context, phase, ...(phase === 'shift' ? { weight: atWeight } : {}), ...input },
      { ledger, slots: world, clock },
    );
  /** Calls again while it makes progress, as the state machine does. */
  const finish = async () => {
    for (;;) {
      const output = await call();
      if (output.outcome !== 'progressing') return output;
    }
  };
  return { workflow, world, ledger, clock, context, changes, call, finish };
}
