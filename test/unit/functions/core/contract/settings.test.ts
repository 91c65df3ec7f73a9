import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { promotedFrom, Settings, targetOf } from '#core/contract/settings.ts';
import { pathsOf, replaced } from '../../../../fixtures/replaced.ts';
import { SETTINGS } from '../../../../fixtures/settings.ts';

const whole = { ...SETTINGS, approval: { timeout: '1h' } };

describe('settings', () => {
  test.each([
    ['analysis.period', 60],
    ['analysis.period', '60'],
    ['approval.timeout', '5'],
    ['approval.timeout', ''],
    ['traffic.0.bake', 'soon'],
  ])('with a time without a unit at %s are refused, naming the path', (path, instead) => {
    const result = Settings.safeParse(replaced(whole, path.split('.'), instead));
    expect(result.error?.issues.map((issue) => issue.path.join('.'))).toContain(path);
  });

  test.each([
    ['scan.block', 'MEDIUM'],
    ['scan.timeout', '2h'],
    ['provenance.timeout', '0s'],
    ['scan.accept.0.cve', 'CVE 1'],
    ['scan.accept.0.reason', ''],
    ['scan.accept.0.reason', 'two\nlines'],
    ['scan.accept.0.until', '2027-02-30'],
    ['scan.accept.0.until', 'next year'],
  ])('with %s as %j are refused, naming the path', (path, instead) => {
    const accept = [{ cve: 'CVE-2023-45853', reason: 'not in what is used', until: '2027-01-31' }];
    const accepting = { ...whole, scan: { ...whole.scan, accept } };
    expect(Settings.safeParse(accepting).success).toBe(true);
    const result = Settings.safeParse(replaced(accepting, path.split('.'), instead));
    expect(result.error?.issues.map((issue) => issue.path.join('.'))).toContain(path);
  });

  test('with anything at any place are refused or taken, and nothing is thrown', () => {
    const odd = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom('', '0s', '1000000000d', 'NaN', '-1s', '1e9', '60', 'promotion of ', 'arn:aws:x', '\u0000'),
    );
    fc.assert(
      fc.property(fc.constantFrom(...pathsOf(whole)), odd, (path, instead) => {
        expect(typeof Settings.safeParse(replaced(whole, path, instead)).success).toBe('boolean');
      }),
      { numRuns: 3000 },
    );
  });
});

test.each([
  [{ trafic: [] }, /trafic/],
  [{ traffic: [{ weight: 50, bake: '1m', checkEvery: '1m' }] }, /^traffic: the last step must have weight 100$/],
  [
    {
      traffic: [
        { weight: 50, bake: '1m', checkEvery: '1m' },
        { weight: 50, bake: '1m', checkEvery: '1m' },
        { weight: 100, bake: '1m', checkEvery: '1m' },
      ],
    },
    /^traffic: weights must rise from step to step$/,
  ],
  [{ warm: 'an hour' }, /^warm: a time is a number and a unit/],
  [{ capacity: { min: 4, max: 2, requestsPerTarget: 1 } }, /^capacity: min must not exceed max$/],
  [{ source: 'promotion of nothing' }, /^source: push, or promotion of <app>\/<environment>/],
  [{ protocolHeader: 'X Proto' }, /^protocolHeader: the name of a request header/],
  [{ approval: { timeout: '7d' } }, /^approval.timeout: at most 6d$/],
  [
    { approval: { timeout: '1h', approvers: ['arn:aws:iam::123456789012:role/ana'] } },
    /^approval.approvers.0: an IAM user/,
  ],
  [{ provenance: { timeout: '2h' } }, /^provenance.timeout: at most 1h$/],
])('settings are refused in the words of the key that is wrong: %j', (change, problem) => {
  const { error } = Settings.safeParse({ ...SETTINGS, ...change });
  const problems = error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];
  expect(problems.filter((text) => problem.test(text))).toHaveLength(1);
});

test('a target is named by its settings, and by what it is promoted from', () => {
  expect(targetOf(SETTINGS)).toBe('web/production');
  expect(promotedFrom(SETTINGS)).toBeUndefined();
  expect(promotedFrom({ source: 'promotion of web/staging' })).toBe('web/staging');
});
