import { describe, expect, test } from 'vitest';
import type { Caller } from '#core/contract/caller.ts';
import { type KnownRole, personOf, roleToAskFor, unasked } from '#core/domain/person.ts';
import { role, session, user } from '../../../../fixtures/people.ts';

const NAME = 'AWSReservedSSO_Release_0123456789abcdef';
const MADE = role(`aws-reserved/sso.amazonaws.com/eu-west-1/${NAME}`);
const ANA = session(NAME, 'ana@example.com');

describe('a person', () => {
  test('is an IAM user', () => {
    expect(personOf(user('team/ana'), undefined)).toEqual({
      kind: 'IAM user',
      arn: 'arn:aws:iam::111122223333:user/team/ana',
    });
    expect(roleToAskFor(user('ana'))).toBeUndefined();
    expect(roleToAskFor(session('deployer', 'ana'))).toBeUndefined();
  });

  test.each([
    ['of another region', MADE],
    ['of us-east-1, whose roles have no region in their path', role(`aws-reserved/sso.amazonaws.com/${NAME}`)],
  ])('is a session of a role that Identity Center made, %s', (_where, made) => {
    expect(roleToAskFor(ANA)).toBe(NAME);
    expect(personOf(ANA, made)).toEqual({ kind: 'Identity Center user', arn: ANA.userArn });
  });
});

describe('no person, since the caller chose the name, is', () => {
  test.each<[string, Caller, KnownRole | undefined]>([
    ['a session of any other role', session('deployer', 'ana@example.com'), undefined],
    ['one of a role that only has such a name', ANA, role(NAME)],
    ['one of a role with such a path below another', ANA, role(`team/aws-reserved/sso.amazonaws.com/${NAME}`)],
    ['one whose role is not known', ANA, undefined],
    ['one of another role than the one that is known', ANA, role(`aws-reserved/sso.amazonaws.com/x${NAME}`)],
    ['one of a role that once had the name', session(NAME, 'ana@example.com', 'AROAFORMER'), MADE],
    ['one whose id names another session', { ...ANA, userId: 'AROAEXAMPLE:bo@example.com' }, MADE],
    ['one of another account', { ...ANA, accountId: '444455556666' }, MADE],
    ['a user of another account', { ...user('ana'), accountId: '444455556666' }, undefined],
    ['the root user', { ...user('ana'), userArn: 'arn:aws:iam::111122223333:root' }, undefined],
    ['a federated user', { ...user('a'), userArn: 'arn:aws:sts::111122223333:federated-user/ana' }, undefined],
    ['an AWS service', { ...user('a'), userArn: 'arn:aws:iam::111122223333:role/ana' }, undefined],
  ])('%s', (_what, caller, known) => {
    expect(personOf(caller, known)).toMatch(/does not count as a person: .+ Answer as a user of IAM Identity Center/);
  });
});

test('approvers are asked by the names that AWS gives them, of their own kind', () => {
  const namesake = user('ana@example.com').userArn;
  expect(unasked(ANA.userArn, undefined)).toBeUndefined();
  expect(unasked(ANA.userArn, ['ana@example.com'])).toBeUndefined();
  expect(unasked(namesake, ['ana@example.com'])).toContain('is not among those who are asked');
  expect(unasked(namesake, [namesake])).toBeUndefined();
  expect(unasked(ANA.userArn, [namesake, 'bo@example.com'])).toBe(
    `${ANA.userArn} is not among those who are asked (approval.approvers): ${namesake}, bo@example.com.`,
  );
});
