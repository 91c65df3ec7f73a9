import { reconcile } from '../../functions/reconcile/reconcile.ts';
import type { Workflow } from './harness.ts';

/** Lets reconcile look, and runs what it starts. */
export async function settle(workflow: Workflow): Promise<void> {
  await reconcile({ ...workflow.ports(), warn: () => {} });
  for (const request of workflow.started()) await workflow.run(request);
}
