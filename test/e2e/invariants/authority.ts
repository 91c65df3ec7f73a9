import { PLACE } from '@farol/local-aws/aws-side.ts';
import type { CallRecord } from '@farol/local-aws/gateway/record.ts';
import { compareVersions } from '#core/contract/version.ts';
import { judge } from '../../iam/recorded.ts';
import { factsOf, lastAt, lives, type Run, told } from '../run.ts';

const CHANGES: Readonly<Record<string, RegExp>> = {
  ecs: /^(?:Create|Update|Delete|Put|Register|Deregister|Run|Start|Stop|Submit|Tag|Untag)/,
  elbv2: /^(?:Create|Modify|Delete|Set|Add|Remove|Register|Deregister)/,
  'application-autoscaling': /^(?:Register|Deregister|Put|Delete)/,
};
/** Who may make which change; `farol-converge` all others. */
const OTHERS: Readonly<Record<string, readonly string[]>> = {
  RegisterTaskDefinition: ['farol-converge', 'farol-start-task'],
  RunTask: ['farol-start-task'],
  StopTask: ['farol-check-task'],
};

/** Calls that change what runs, in the order in which they came. Setting the cloud up had ended before. */
function changes({ calls }: Run): CallRecord[] {
  return calls
    .filter(({ service, operation }) => CHANGES[service]?.test(operation))
    .toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

function tokenOf({ agent }: CallRecord): number | undefined {
  const token = /md\/farol-token#(\d+)/.exec(agent)?.[1];
  return token === undefined ? undefined : Number(token);
}

/** I2, who. */
export function onlyConvergeChangesSlots(run: Run): string[] {
  return changes(run).flatMap(({ at, caller, service, operation }) =>
    (OTHERS[operation] ?? ['farol-converge']).includes(caller)
      ? []
      : [`${at}: ${caller} called ${service} ${operation}`],
  );
}

/** Least privilege: what each function did, IAM would have let it do by its synthesized policy. */
export function policiesAllowEveryCall({ calls, roles }: Pick<Run, 'calls' | 'roles'>): string[] {
  const destination = { account: PLACE.accountId, region: PLACE.region };
  return [
    ...judge(
      calls.filter((call) => !readsPasswords(call)),
      roles,
      destination,
    ).denied,
  ];
}

/** Passwords stand in for IAM here (local/service-stack/database-passwords.ts): on AWS there is no such secret to read. */
function readsPasswords({ caller, operation, params }: CallRecord): boolean {
  return (
    caller.startsWith('farol-database-') &&
    operation === 'GetSecretValue' &&
    caller.startsWith('farol-database-') &&
    /:secret:farol\/[\w-]+\/[\w-]+\/passwords-/.test(String(params['SecretId']))
  );
}

/** I2, in which order. */
export function tokensNeverGoDown(run: Run): string[] {
  let highest = 0;
  let ends = 0;
  return changes(run).flatMap((call) => {
    const token = tokenOf(call);
    const what = `${call.at}: ${call.caller} ${call.operation}`;
    if (token === undefined) return [`${what} without a token`];
    const bad =
      token < highest
        ? [`${what} with token ${token} after ${highest}`]
        : token > highest && Date.parse(call.at) < ends
          ? [`${what} with token ${token} while a call with ${highest} was under way`]
          : [];
    if (token >= highest) {
      highest = token;
      ends = Math.max(ends, Date.parse(call.at) + Math.floor(call.ms));
    }
    return bad;
  });
}

/** I2: each token belongs to the deployment that the ledger gave it to, while it held the lock. */
export function tokensAreTheLedgers(run: Run): string[] {
  const holders = told(run);
  return changes(run).flatMap((call) => {
    const holder = holders.find(({ token }) => token === tokenOf(call));
    const at = Date.parse(call.at);
    if (holder === undefined) return [`${call.at}: ${call.operation} with a token that nobody was given`];
    return at >= holder.began && at <= (holder.ended?.at ?? Number.POSITIVE_INFINITY)
      ? []
      : [`${call.at}: ${call.operation} of ${holder.deployment}, which did not hold the lock then`];
  });
}

/** Each change of a slot was written down before it was made. */
export function changesAreJournalled(run: Run): string[] {
  return changes(run).flatMap((call) => {
    if (call.operation in OTHERS) return [];
    const at = Date.parse(call.at);
    const open = run.ledger.changes.some(
      ({ token, at: from, done }) =>
        token === tokenOf(call) && Date.parse(from) <= at && (done === undefined || Date.parse(done) >= at),
    );
    return open ? [] : [`${call.at}: ${call.operation} is not in the journal`];
  });
}

/** I3, migrations. */
export function factsBeforeMigrations(run: Run): string[] {
  return migrations(run).flatMap(({ call, deployment }) => {
    const facts = factsOf(run, deployment, Date.parse(call.at));
    const approval = run.settings.approval === undefined ? [] : ['approval'];
    return ['provenance', 'scan', 'migration-plan', ...approval]
      .filter((kind) => !facts.has(kind))
      .map((kind) => `${call.at}: ${deployment} migrates without the fact ${kind}`);
  });
}

/** I8. */
export function migrationsAreAlone(run: Run): string[] {
  const { app, environment } = run.settings;
  const running = new Map<string, number>();
  const bad: string[] = [];
  for (const { at, event } of run.moments) {
    if (event.type !== 'task' || event.group !== `family:${app}-${environment}-migrate`) continue;
    if (event.status === 'STOPPED') running.delete(event.task);
    else running.set(event.task, at);
    if (running.size > 1)
      bad.push(`${new Date(at).toISOString()}: ${[...running.keys()].join(' and ')} migrate at once`);
  }
  for (const { call, deployment } of migrations(run)) {
    const version = told(run).find((one) => one.deployment === deployment)?.version ?? '';
    const live = lastAt(lives(run), Date.parse(call.at));
    if (live && compareVersions(version, live.version) < 0)
      bad.push(`${call.at}: ${version} migrates while ${live.version} is live`);
  }
  return bad;
}

function migrations(run: Run): { call: CallRecord; deployment: string }[] {
  return run.calls.flatMap((call) =>
    call.operation === 'RunTask' && /-migrate:\d+$/.test(String(call.params['taskDefinition']))
      ? // RunTask takes no dots there; a deployment's name has no underscores.
        [{ call, deployment: String(call.params['startedBy']) }]
      : [],
  );
}
