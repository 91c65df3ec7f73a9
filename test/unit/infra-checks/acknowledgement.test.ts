import { describe, expect, test } from 'vitest';
import { type Acknowledgement, settle } from '../../infra-checks/acknowledgement.ts';
import type { Finding } from '../../infra-checks/finding.ts';

const finding: Finding = {
  rule: 'AwsSolutions-IAM5',
  resource: 'starter/farol-orchestrator/SmokeFunction/Role',
  detail: 'Resource::arn:aws:ecs:us-east-1:<AWS::AccountId>:service/web-starter/*',
  message: 'wildcard',
};
const acknowledgement: Acknowledgement = {
  rule: 'AwsSolutions-IAM5',
  detail: 'Resource::arn:aws:ecs:{}:{}:service/{}/*',
  on: ['*/farol-orchestrator/*Function/Role'],
  reason: 'ids that AWS makes up',
};

describe('an acknowledged finding', () => {
  test('is settled', () => {
    expect(settle([finding], [acknowledgement])).toEqual({ open: [], unneeded: [] });
  });

  test.each([
    ['another rule', { rule: 'AwsSolutions-IAM4' }],
    ['a resource further down', { resource: `${finding.resource}/Policy` }],
    [
      'a resource of another environment, where one is named',
      { resource: finding.resource.replace('starter', 'default') },
    ],
    ['an asterisk where a name is expected', { detail: finding.detail.replace('web-starter', '*') }],
    ['more behind it', { detail: `${finding.detail}:*` }],
  ])('does not settle %s', (_what, change) => {
    const one = { ...finding, ...change };
    const narrow = { ...acknowledgement, on: ['starter/farol-orchestrator/*Function/Role'] };
    expect(settle([one], [narrow]).open).toEqual([one]);
  });
});

test('an acknowledgement is told for each place that nothing needs it in', () => {
  const on = ['*/farol-orchestrator/*Function/Role', '*/web-pipeline/Role'];
  const { open, unneeded } = settle([finding], [{ ...acknowledgement, on }]);
  expect(open).toEqual([]);
  expect(unneeded.map((place) => place.on)).toEqual(['*/web-pipeline/Role']);
});

test('what a pattern holds besides its wildcards is taken literally', () => {
  const dotted = { ...finding, rule: 'W1', detail: '', resource: 'default/stack/a.b' };
  const pattern = { rule: 'W1', on: ['default/stack/a.b'], reason: '' };
  expect(settle([dotted], [pattern]).open).toEqual([]);
  expect(settle([{ ...dotted, resource: 'default/stack/axb' }], [pattern]).open).toHaveLength(1);
});
