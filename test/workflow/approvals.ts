import type { Behaviour } from '../fakes/behaviour.ts';
import { Workflow } from './harness.ts';

export const TARGET = 'web/production';
/** A release with a migration that what is live can bear. */
export const PENDING: Behaviour = {
  migrations: [{ name: 'board.0002_likes', compatible: 'yes', why: 'adds a column' }],
};

/** v1.0.0 is live; whatever comes next needs an approval. */
export async function withLive(before?: 'anything' | 'migrations-or-traffic'): Promise<Workflow> {
  const workflow = new Workflow({ approval: { timeout: '1d', ...(before && { before }) } });
  workflow.whileWaiting = async () => void (await workflow.answer('approve'));
  await workflow.deploy(workflow.world.push('v1.0.0'));
  workflow.ledger.approvals.clear();
  workflow.whileWaiting = async () => {};
  return workflow;
}
