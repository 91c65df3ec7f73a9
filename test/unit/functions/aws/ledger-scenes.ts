/** What the files of the Ledger port's suite share: the ledgers that it runs on, and where its tests begin. */

import { beforeAll, expect } from 'vitest';
import type { Entry, Lock } from '#core/contract/ledger.ts';
import type { Context } from '#core/contract/states.ts';
import { CHAIN_START, entryHash } from '#core/domain/ledger-chain.ts';
import type { Clock, Ledger } from '#core/ports.ts';
import { cloud } from '../../../../packages/local-aws/test/fixtures/cloud.ts';
import { createTables, dynamoSubject, fakeSubject, type Subject } from './ledger-subjects.ts';
import { request, TickingClock } from './releases.ts';

let targets = 0;

/** The ledgers that must do the same, each with its name. Starts what they need before the tests of the file that asks. */
export function ledgers() {
  const started = cloud();
  beforeAll(() => createTables(started()));
  return [
    { name: 'FakeLedger', ...scenes(fakeSubject) },
    { name: 'DynamoLedger', ...scenes((clock: Clock) => dynamoSubject(clock, started())) },
  ];
}

function scenes(make: (clock: Clock) => Subject) {
  /** A ledger and a target that no other test has. */
  function begin() {
    targets += 1;
    return { ...make(new TickingClock()), target: `web-${targets}/production` };
  }

  /** The same with the lock taken by v1.0.0. */
  async function held() {
    const subject = begin();
    const { ledger, target } = subject;
    const first = request(target, 'v1.0.0');
    const token = (await ledger.takeLock(first, 'arn:first', undefined)) ?? 0;
    const context: Context = { target, deployment: first.deployment, token };
    const lock = await lockOf(ledger, target);
    return { ...subject, first, context, lock };
  }

  return { begin, held };
}

export async function lockOf(ledger: Ledger, target: string): Promise<Lock> {
  const lock = await ledger.lock(target);
  if (lock === undefined) throw new Error(`${target} has no lock`);
  return lock;
}

/** All that a port tells of a target and a deployment. */
export async function everything(ledger: Ledger, target: string, deployment: string) {
  return {
    head: await ledger.head(target),
    lock: await ledger.lock(target),
    intent: await ledger.intent(target),
    traffic: await ledger.traffic(target),
    record: await ledger.deployment(deployment),
    facts: await ledger.facts(deployment),
    change: await ledger.lastChange(deployment),
  };
}

/** Each entry names the hash of the one before. */
export function expectUnbroken(entries: readonly Entry[]): void {
  const hashes = [CHAIN_START, ...entries.map(entryHash)];
  expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1));
  expect(entries.map(({ previous }) => previous)).toEqual(hashes.slice(0, -1));
}
