import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Settings } from '#core/contract/settings.ts';
import { SETTINGS } from '../../../../fixtures/settings.ts';

const whole = { ...SETTINGS, approval: { timeout: '1h' } };

/** Paths of every value in `value`, groups included. */
function paths(value: unknown, path: readonly string[] = []): string[][] {
  const inner = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return [[...path], ...inner.flatMap(([key, member]) => paths(member, [...path, key]))];
}

/** A copy with another value at a path. */
function replaced(value: unknown, [key, ...rest]: readonly string[], instead: unknown): unknown {
  if (key === undefined) return instead;
  const copy = structuredClone(value);
  if (typeof copy !== 'object' || copy === null) return copy;
  Reflect.set(copy, key, replaced(Reflect.get(copy, key), rest, instead));
  return copy;
}

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
      fc.property(fc.constantFrom(...paths(whole)), odd, (path, instead) => {
        expect(typeof Settings.safeParse(replaced(whole, path, instead)).success).toBe('boolean');
      }),
      { numRuns: 3000 },
    );
  });
});
