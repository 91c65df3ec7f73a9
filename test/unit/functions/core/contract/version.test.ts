import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Version } from '#core/contract/release.ts';
import { compareVersions, versionProblem } from '#core/contract/version.ts';

describe('a version', () => {
  test.each([
    'v0.0.0',
    'v1.4.0',
    'v1.4.0-rc.1',
    'v1.4.0-rc.10',
    'v2026.3.7',
    'v1.0.0--1',
    'v1.0.0-0.0',
    'v9007199254740991.0.0',
  ])('may be %s', (tag) => {
    expect(versionProblem(tag)).toBeUndefined();
    expect(Version.parse(tag)).toBe(tag);
  });

  test.each([
    ['v1.4.0-01', 'no part behind the hyphen is empty'],
    ['v1.0.0-a..b', 'no part behind the hyphen is empty'],
    ['v1.0.0-rc.01', 'none begins with a zero'],
    ['v1.0.0-2026.09.01', 'none begins with a zero'],
    ['v1.0.0-', 'no part behind the hyphen is empty'],
    ['v9007199254740993.0.0', 'at most 9007199254740991'],
    ['v2026.03.07', 'its numbers have no leading zero; write v2026.3.7'],
    ['v01.2.3', 'its numbers have no leading zero; write v1.2.3'],
    ['v1.4.0+build.5', 'a plus sign, which the tag of an image cannot hold: leave out "+build.5"'],
    ['V1.4.0', 'write v1.4.0'],
    ['1.4.0', 'write v1.4.0'],
    ['=v1.4.0', 'write v1.4.0'],
    [' v1.4.0', 'write v1.4.0'],
    ['v1.4', 'write v1.4.0'],
    ['v1', 'write v1.0.0'],
    ['v1.4-rc.1', 'write v1.4.0-rc.1'],
    ['v1.2.3.4', 'is no version'],
    ['v1.4.0-feature-checkout.12', 'has 26 characters, and a version has at most 24'],
    ['release/v1.4.0', 'is no version'],
    ['v1.4.0\n', 'is no version'],
    ['v1.4.0 ', 'is no version'],
    ['v1.4.0-\u0430', 'is no version'],
    ['latest', 'is no version'],
    ['', 'is no version'],
    ['v', 'is no version'],
  ])('may not be %j, and it is said why', (tag, said) => {
    expect(versionProblem(tag)).toContain(said);
    expect(Version.safeParse(tag).error?.issues[0]?.message).toContain(said);
  });

  test('that is ten is newer than one that is nine, and a release than its candidates', () => {
    const tags = ['v1.4.0', 'v1.4.0-rc.10', 'v1.10.0', 'v1.4.0-rc.9', 'v1.4.0-rc'].map((tag) => Version.parse(tag));
    expect(tags.toSorted(compareVersions)).toEqual(['v1.4.0-rc', 'v1.4.0-rc.9', 'v1.4.0-rc.10', 'v1.4.0', 'v1.10.0']);
  });

  const number = fc.oneof(fc.nat(), fc.constantFrom('01', '9007199254740993', '', '0'), fc.maxSafeNat());
  const part = fc.oneof(
    fc.constantFrom('rc', '1', '01', '-', '', 'A', '0a'),
    fc.stringMatching(/^[0-9A-Za-z.-]{0,6}$/),
  );
  const tag = fc.oneof(
    fc
      .tuple(
        fc.constantFrom('v', 'V', '', 'v=', ' v'),
        fc.array(number, { maxLength: 4 }),
        fc.array(part, { maxLength: 3 }),
      )
      .map(([v, numbers, parts]) => `${v}${numbers.join('.')}${parts.length === 0 ? '' : `-${parts.join('.')}`}`),
    fc.string({ unit: 'binary', maxLength: 40 }),
  );

  test('that is accepted can be ordered with every other, both ways alike', () => {
    fc.assert(
      fc.property(tag, tag, tag, (...tags) => {
        const versions = tags.filter((one) => versionProblem(one) === undefined).map((one) => Version.parse(one));
        for (const a of versions)
          for (const b of versions) {
            expect(Math.sign(compareVersions(a, b))).toBe(-Math.sign(compareVersions(b, a)) + 0);
            expect(compareVersions(a, b) === 0).toBe(a === b);
          }
      }),
      { numRuns: 3000 },
    );
  });

  test('or none, it is said in a bounded sentence and without an error', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 3000 }), (text) => {
        expect((versionProblem(text) ?? '').length).toBeLessThan(1000);
      }),
    );
  });
});
