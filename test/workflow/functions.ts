import { AsyncLocalStorage } from 'node:async_hooks';
import { vi } from 'vitest';
import * as z from 'zod';
import type { STATE_FUNCTIONS } from '#core/contract/states.ts';
import type * as Core from '#core/ports.ts';
import type { clock, container } from '#runtime/container.ts';

/** What the functions of the state machine are given in place of AWS. */
export interface Ports {
  readonly approvals: Core.Approvals;
  readonly builds: Core.BuildRecords;
  readonly clock: Core.Clock;
  readonly database: Core.TargetDatabase;
  readonly executions: Core.Executions;
  readonly ledger: Core.Ledger;
  readonly metrics: Core.TrafficMetrics;
  readonly notifier: Core.Notifier;
  readonly prober: () => Core.Prober;
  readonly releases: Core.ReleaseSource;
  readonly roles: Core.Roles;
  readonly settings: Core.SettingsStore;
  readonly slots: Core.SlotControl;
  readonly tasks: Core.TaskRunner;
}

const current = new AsyncLocalStorage<Ports>();

function ports(): Ports {
  const store = current.getStore();
  if (store === undefined) throw new Error('a function asked for its ports outside of an invocation');
  return store;
}

function notOfTheWorkflow(): never {
  throw new Error('no function of the state machine asks for this port');
}

/** Stands for the adapters to AWS. Everything else of a function is what is deployed: handler, parsing, wiring, fencing. */
const STAND_IN = {
  anchors: notOfTheWorkflow,
  approvals: () => ports().approvals,
  builds: () => ports().builds,
  database: () => ports().database,
  executions: () => ports().executions,
  ledger: () => ports().ledger,
  metrics: () => ports().metrics,
  notifier: () => ports().notifier,
  pipelines: notOfTheWorkflow,
  prober: () => ports().prober(),
  releases: () => ports().releases,
  roles: () => ports().roles,
  settings: () => ports().settings,
  slotRemoval: notOfTheWorkflow,
  slots: () => ports().slots,
  tasks: () => ports().tasks,
} satisfies Record<keyof typeof container, () => unknown>;

const CLOCK: typeof clock = {
  now: () => ports().clock.now(),
  sleep: (ms) => ports().clock.sleep(ms),
};

vi.doMock('#runtime/container.ts', () => ({ container: STAND_IN, clock: CLOCK }));

/** The handlers that are deployed, by the names that the contract gives the functions. */
const HANDLERS = {
  'acquire-lock': await import('../../functions/acquire-lock/handler.ts'),
  preflight: await import('../../functions/preflight/handler.ts'),
  'prepare-database': await import('../../functions/prepare-database/handler.ts'),
  'start-task': await import('../../functions/start-task/handler.ts'),
  'check-task': await import('../../functions/check-task/handler.ts'),
  converge: await import('../../functions/converge/handler.ts'),
  smoke: await import('../../functions/smoke/handler.ts'),
  'check-step': await import('../../functions/check-step/handler.ts'),
  'ask-approval': await import('../../functions/ask-approval/handler.ts'),
  'read-approval': await import('../../functions/read-approval/handler.ts'),
  freeze: await import('../../functions/freeze/handler.ts'),
  finish: await import('../../functions/finish/handler.ts'),
} satisfies Record<keyof typeof STATE_FUNCTIONS, unknown>;

type Handler = (event: unknown, context: object) => Promise<unknown>;
const Handlers = z.record(z.string(), z.object({ handler: z.custom<Handler>((value) => typeof value === 'function') }));
const BY_SUBSTITUTION = new Map(
  Object.entries(Handlers.parse(HANDLERS)).map(([name, { handler }]) => [
    `\${${name.replace(/(?:^|-)([a-z])/g, (_all, letter: string) => letter.toUpperCase())}Function}`,
    handler,
  ]),
);

const LAMBDA_CONTEXT = {
  functionName: 'test',
  functionVersion: '1',
  invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:test:1',
  memoryLimitInMB: '256',
  awsRequestId: 'request',
  getRemainingTimeInMillis: () => 30_000,
};

/**
 * Invokes a function of the state machine as Lambda does: JSON goes in and comes out, and the deployed handler is between.
 * @param substitution what stands for the function in the definition, as `${ConvergeFunction}`
 */
export async function invokeFunction(substitution: string, payload: unknown, given: Ports): Promise<unknown> {
  const handler = BY_SUBSTITUTION.get(substitution);
  if (handler === undefined) throw new Error(`no function ${substitution}`);
  const event: unknown = JSON.parse(JSON.stringify(payload));
  const answer = await current.run(given, () => handler(event, LAMBDA_CONTEXT));
  return answer === undefined ? null : JSON.parse(JSON.stringify(answer));
}
