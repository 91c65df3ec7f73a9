import { ArnFormat, type Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { LEDGER_PARTS, type LedgerPart, ledgerTable } from '#core/contract/ledger.ts';
import { type FunctionName, ORCHESTRATOR } from '../names.ts';

/**
 * What may be done to a part. TransactWriteItems has no action of its own: it needs those of what it holds. DynamoDB
 * Developer Guide, "Using IAM with DynamoDB transactions". Nothing of the ledger is ever deleted.
 */
const ACTIONS = {
  get: 'dynamodb:GetItem',
  list: 'dynamodb:Query',
  put: 'dynamodb:PutItem',
  update: 'dynamodb:UpdateItem',
  check: 'dynamodb:ConditionCheckItem',
} as const;

type Rights = Readonly<Partial<Record<LedgerPart, readonly (keyof typeof ACTIONS)[]>>>;

/** An entry follows from the last one. Nobody changes one: no function has a right for it. */
const APPENDS = { entries: ['list', 'put'] } satisfies Rights;
/** What a deployment writes, the same transaction checks the lock for. */
const GUARDED = { ...APPENDS, locks: ['check'] } satisfies Rights;
const ENQUEUES = { ...APPENDS, locks: ['get', 'check'], records: ['get', 'put'] } satisfies Rights;
const PROVES = { ...GUARDED, records: ['get'], facts: ['put'] } satisfies Rights;
const ANSWERS = { ...GUARDED, records: ['get'], approvals: ['get', 'put', 'update'] } satisfies Rights;

/** What each function does to which part of the ledger. `test/infra/port-rights.test.ts` holds it against their code. */
const RIGHTS: Readonly<Record<FunctionName, Rights>> = {
  'receive-push': ENQUEUES,
  'receive-settings': { heads: ['get'], locks: ['get'], records: ['get', 'put'] },
  'acquire-lock': { ...ENQUEUES, heads: ['get'], locks: ['get', 'put', 'check'], changes: ['get'] },
  preflight: { ...PROVES, heads: ['get'], records: ['get', 'put', 'update'] },
  'prepare-database': { ...GUARDED, records: ['get'] },
  'start-task': { ...PROVES, facts: ['list', 'put'], approvals: ['get'] },
  'check-task': { ...PROVES, facts: ['list', 'put'], approvals: ['get'] },
  converge: {
    ...PROVES,
    heads: ['get', 'put'],
    facts: ['list', 'put'],
    approvals: ['get'],
    changes: ['get', 'list', 'put', 'update'],
  },
  smoke: PROVES,
  'check-step': { records: ['get'], changes: ['get'] },
  'ask-approval': { ...ANSWERS, heads: ['get'], facts: ['list'] },
  'read-approval': ANSWERS,
  'answer-approval': ANSWERS,
  'start-deployment': { ...ENQUEUES, heads: ['get', 'put'] },
  freeze: { ...GUARDED, heads: ['get', 'put'] },
  finish: { ...APPENDS, heads: ['get'], locks: ['get', 'update'], records: ['get', 'put', 'update'] },
  reconcile: { heads: ['get'], locks: ['get'], records: ['get', 'put'], approvals: ['get'], changes: ['get'] },
  'anchor-entries': {},
  'answer-pipeline': { heads: ['get'], records: ['get'] },
  'report-targets': { heads: ['get'], locks: ['get'], approvals: ['get'] },
  unfreeze: { ...GUARDED, heads: ['get', 'put'], locks: ['get', 'check'], records: ['get'], changes: ['get'] },
};

/** The statements by which a function reaches the ledger: one for each table. */
export function ledgerStatements(stack: Stack, name: FunctionName): PolicyStatement[] {
  return LEDGER_PARTS.flatMap((part) => {
    const rights = RIGHTS[name][part] ?? [];
    if (rights.length === 0) return [];
    const table = stack.formatArn({
      service: 'dynamodb',
      resource: 'table',
      resourceName: ledgerTable(ORCHESTRATOR.ledger, part),
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    });
    return [new PolicyStatement({ actions: rights.map((right) => ACTIONS[right]), resources: [table] })];
  });
}
