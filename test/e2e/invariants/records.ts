import { CHAIN_START, entryHash } from '#core/domain/ledger-chain.ts';
import { LEDGER, type Run, told } from '../run.ts';

/** I10. */
export function everythingEnds({ ledger, executions }: Run): string[] {
  return [
    ...executions.flatMap(({ name, ended }) => (ended === undefined ? [`${name} has not ended`] : [])),
    ...(ledger.lock?.deployment === undefined ? [] : [`${ledger.lock.deployment} still holds the lock`]),
    ...(ledger.waiting === 0 ? [] : ['a deployment still waits']),
  ];
}

/** I11. */
export function everyDeploymentIsOne(run: Run): string[] {
  const begun = told(run).map(({ deployment }) => deployment);
  const names = run.executions.map(({ name }) => name);
  const twice = (all: readonly string[]): string[] => all.filter((one, index) => all.indexOf(one) !== index);
  return [
    ...twice(begun).map((name) => `${name} began twice`),
    ...twice(names).map((name) => `${name} was executed twice`),
    ...begun.filter((name) => !names.includes(name)).map((name) => `${name} has no execution`),
  ];
}

/** I12. */
export function theLedgerIsWhole({ ledger: { entries } }: Run): string[] {
  let previous = CHAIN_START;
  const bad = entries.flatMap((entry, index) => {
    const wrong = [
      ...(entry.seq === index + 1 ? [] : [`entry ${index + 1} has the number ${entry.seq}`]),
      ...(entry.previous === previous ? [] : [`entry ${entry.seq} does not follow from the one before`]),
      ...(entry.cause === '' ? [`entry ${entry.seq} names no cause`] : []),
    ];
    previous = entryHash(entry);
    return wrong;
  });
  return [...bad, ...(entries.length > 0 ? [] : ['the ledger is empty'])];
}

/** What only an event as EventBridge delivers it has, by the names of its members. */
const RAW_EVENT = /\\*"detail-type\\*"\s*:|\\*"image-digest\\*"\s*:/;
const TASK_TOKEN = /"taskToken"\s*:\s*"(?!\*+")/;

/** I16. */
export function nothingSecretIsWrittenDown({ texts, secrets }: Run): string[] {
  return [...texts].flatMap(([where, text]) => [
    ...[...secrets].flatMap(([name, value]) => (text.includes(value) ? [`${where} holds the secret ${name}`] : [])),
    ...(where !== LEDGER && TASK_TOKEN.test(text) ? [`${where} holds a task token`] : []),
    ...(RAW_EVENT.test(text) ? [`${where} holds an event as it came: ${excerpt(text, RAW_EVENT)}`] : []),
  ]);
}

function excerpt(text: string, pattern: RegExp): string {
  const at = text.search(pattern);
  return text.slice(Math.max(0, at - 100), at + 200);
}
