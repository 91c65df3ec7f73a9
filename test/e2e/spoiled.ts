import type { CallRecord } from '@farol/local-aws/gateway/record.ts';
import { otherSlot } from '#core/contract/slot.ts';
import { lives, type Run, told } from './run.ts';
import { changesOfWeights, type Moment } from './timeline.ts';

/**
 * The record of a good run, made to show the opposite of each invariant (by its name): the check of that invariant must fail on it.
 * The run has at least one migration and one release that was rolled back from traffic.
 */
export const SPOILED: Readonly<Record<string, (run: Run) => Run>> = {
  'I1 traffic goes only to slots with healthy targets of an approved release': (run) => ({
    ...run,
    moments: withLast(run.moments, (moment) => ({ ...moment, slots: { blue: NOTHING, green: NOTHING } })),
  }),
  'I2 only converge changes slots, only start-task runs tasks': (run) =>
    withCall(run, 'ModifyRule', (call) => ({ ...call, caller: 'farol-smoke' })),
  'the policy of each function allows every call it made': (run) =>
    withCall(run, 'Publish', (call) => ({ ...call, caller: 'farol-smoke' })),
  'I2 no lower token comes after a higher one': (run) =>
    withCall(run, 'ModifyRule', (call) => ({ ...call, agent: 'app/farol-converge md/farol-token#1' })),
  'I2 every token is the one that the ledger gave': (run) =>
    withCall(run, 'ModifyRule', (call) => ({ ...call, agent: 'app/farol-converge md/farol-token#99' })),
  'I2 every change is journalled before it is made': (run) => ({ ...run, ledger: { ...run.ledger, changes: [] } }),
  'I3 no weight without facts': (run) => withoutFact(run, 'migration'),
  'I3 no migration without facts': (run) => withoutFact(run, 'migration-plan'),
  'I4 a weight is raised only on healthy targets, looked at just then': (run) => ({
    ...run,
    moments: run.moments.map((moment) =>
      moment.event.type === 'rules' ? { ...moment, slots: { blue: NOTHING, green: NOTHING } } : moment,
    ),
  }),
  'I5 live keeps its capacity until the new release has settled': (run) => ({
    ...run,
    moments: run.moments.map((moment) => {
      const shared = moment.weights?.blue === 50 && moment.event.type === 'rules';
      const { app, environment } = run.settings;
      const slot = lives(run)[0]?.slot;
      const group = `service:${app}-${environment}-${slot}`;
      const event = { type: 'task', task: 'x', group, taskDefinition: 'x', status: 'STOPPING' } as const;
      return shared ? { ...moment, event } : moment;
    }),
  }),
  'I5 no slot is emptied before its weight has settled': (run) => {
    const back = changesOfWeights(run.moments).at(-1)?.at ?? 0;
    const empties = (call: CallRecord): boolean => call.params['desiredCount'] === 0;
    return withCall(run, 'UpdateService', (call) => ({ ...call, at: new Date(back + 1).toISOString() }), empties);
  },
  'I5 a target group is changed only while its slot is empty': (run) => {
    const back = changesOfWeights(run.moments).at(-1)?.at ?? 0;
    return withCall(run, 'ModifyTargetGroup', (call) => ({
      ...call,
      at: new Date(back + 1).toISOString(),
      params: { TargetGroupArn: run.settings.infrastructure.slots[lives(run).at(-1)?.slot ?? 'blue'].targetGroup },
    }));
  },
  'I6 in the end one slot, the live one, has all the weight': (run) => ({
    ...run,
    moments: run.moments.map((moment) => ({ ...moment, weights: { blue: 50, green: 50 } })),
  }),
  'I7 a failed deployment leaves live what it was': (run) => {
    const failed = told(run).findLast(({ ended }) => ended?.result === 'rolled back');
    const entries = run.ledger.entries.flatMap((entry) => {
      const live = lives(run).at(-1);
      const promoted = { version: failed?.version, slot: live && otherSlot(live.slot) };
      return entry.type === 'deployment ended' && entry.deployment === failed?.deployment
        ? [{ ...entry, type: 'promoted' as const, facts: promoted }, entry]
        : [entry];
    });
    return { ...run, ledger: { ...run.ledger, entries } };
  },
  'I8 migrations are alone, and none is of an older release': (run) => ({
    ...run,
    moments: run.moments.flatMap((moment) => {
      const { event } = moment;
      const migrates = event.type === 'task' && event.group.endsWith('-migrate') && event.status === 'RUNNING';
      return migrates ? [moment, { ...moment, event: { ...event, task: 'another' } }] : [moment];
    }),
  }),
  'I10 every execution ends and frees the lock': (run) => {
    const { lock } = run.ledger;
    return { ...run, ledger: { ...run.ledger, lock: lock && { ...lock, deployment: 'x' } } };
  },
  'I11 every deployment is one execution': (run) => ({
    ...run,
    executions: [...run.executions, ...run.executions.slice(0, 1)],
  }),
  'I12 the ledger only grows, and each entry names its cause': (run) => {
    const entries = run.ledger.entries.map((entry) => (entry.seq === 2 ? { ...entry, cause: 'another' } : entry));
    return { ...run, ledger: { ...run.ledger, entries } };
  },
  'I15 no request is lost, and no page lacks a file': (run) => ({
    ...run,
    requests: [...run.requests, { at: Date.now(), ms: 1, path: '/', lost: 'ECONNRESET' }],
  }),
  'I16 no secret, task token or raw event is written down': (run) => ({
    ...run,
    texts: new Map([...run.texts, ['a log', `the password is ${[...run.secrets.values()][0]}`]]),
  }),
};

const NOTHING: Moment['slots']['blue'] = { targets: new Map(), healthy: [], running: new Set() };

function withLast(moments: readonly Moment[], change: (moment: Moment) => Moment): Moment[] {
  return moments.map((moment, index) => (index === moments.length - 1 ? change(moment) : moment));
}

/** The last such call, changed. */
function withCall(
  run: Run,
  operation: string,
  change: (call: CallRecord) => CallRecord,
  is: (call: CallRecord) => boolean = () => true,
): Run {
  const last = run.calls.findLastIndex((call) => call.operation === operation && is(call));
  return { ...run, calls: run.calls.map((call, index) => (index === last ? change(call) : call)) };
}

function withoutFact(run: Run, kind: string): Run {
  const entries = run.ledger.entries.filter(({ type, facts }) => type !== 'fact' || facts['kind'] !== kind);
  return { ...run, ledger: { ...run.ledger, entries } };
}
