import { beforeAll, describe, expect, test } from 'vitest';
import { conformance } from '../unit/functions/core/exploration/conformance.ts';
import type { Stage } from './harness.ts';
import * as authority from './invariants/authority.ts';
import * as records from './invariants/records.ts';
import * as traffic from './invariants/traffic.ts';
import { collect, functionRoles, type Run } from './run.ts';

/** Each tells what was otherwise than it must always be (the numbers are those of the design). */
const INVARIANTS: Readonly<Record<string, (run: Run, mayDie: readonly string[]) => string[]>> = {
  'I1 traffic goes only to slots with healthy targets of an approved release': traffic.trafficGoesToHealthyApproved,
  'I2 only converge changes slots, only start-task runs tasks': authority.onlyConvergeChangesSlots,
  'the policy of each function allows every call it made': authority.policiesAllowEveryCall,
  'I2 no lower token comes after a higher one': authority.tokensNeverGoDown,
  'I2 every token is the one that the ledger gave': authority.tokensAreTheLedgers,
  'I2 every change is journalled before it is made': authority.changesAreJournalled,
  'I3 no weight without facts': traffic.factsBeforeWeights,
  'I3 no migration without facts': authority.factsBeforeMigrations,
  'I4 a weight is raised only on healthy targets, looked at just then': traffic.healthBeforeWeights,
  'I5 live keeps its capacity until the new release has settled': traffic.liveKeepsItsCapacity,
  'I5 no slot is emptied before its weight has settled': traffic.slotsSettleBeforeTheyEmpty,
  'I5 a target group is changed only while its slot is empty': traffic.targetGroupsChangeWhileEmpty,
  'I6 in the end one slot, the live one, has all the weight': traffic.everyEndIsATerminalState,
  'I7 a failed deployment leaves live what it was': traffic.failuresLeaveLiveAlone,
  'I8 migrations are alone, and none is of an older release': authority.migrationsAreAlone,
  'I10 every execution ends and frees the lock': records.everythingEnds,
  'I11 every deployment is one execution': records.everyDeploymentIsOne,
  'I12 the ledger only grows, and each entry names its cause': records.theLedgerIsWhole,
  'I15 no request is lost, and no page lacks a file': traffic.noRequestIsLost,
  'I16 no secret, task token or raw event is written down': records.nothingSecretIsWrittenDown,
};

/**
 * Tests that all that must always hold did hold, over everything that was recorded. To be called last in a file.
 * @param mayDie versions whose tasks end by themselves while they serve
 * @param spoiled by an invariant's name what makes of the run one that it must notice
 */
export function testInvariants(
  stage: () => Stage,
  {
    mayDie = [],
    spoiled = {},
  }: { readonly mayDie?: readonly string[]; readonly spoiled?: Readonly<Record<string, (run: Run) => Run>> } = {},
): void {
  describe('what must always hold', () => {
    let run: Run;
    beforeAll(async () => {
      run = await collect(stage());
    }, 60_000);

    test.each(Object.entries(INVARIANTS))('%s', (_name, violations) => {
      expect(violations(run, mayDie)).toEqual([]);
    });

    test('every change of a slot is one that the exploration of all states knows, where it was made', () => {
      const { strays, changes, states } = conformance(run.ledger);
      console.log(
        `Of the explored deployments, this run has seen ${changes.seen} of ${changes.explored} kinds of changes, and may have been in ${states.seen} of ${states.explored} states.`,
      );
      expect(strays).toEqual([]);
    });

    test.each(Object.entries(spoiled))('the opposite would be noticed: %s', (name, spoil) => {
      expect(INVARIANTS[name]?.(spoil(run), mayDie).length).toBeGreaterThan(0);
    });
  });
}

/** The one of them that holds also where no deployment is looked at as a whole. To be called last in a file. */
export function testPolicies(stage: () => Stage): void {
  test('the policy of each function allows every call it made', async () => {
    await stage().cloud.gateway.settled();
    const { calls } = stage().timeline;
    expect(authority.policiesAllowEveryCall({ calls, roles: functionRoles(stage()) })).toEqual([]);
  });
}
