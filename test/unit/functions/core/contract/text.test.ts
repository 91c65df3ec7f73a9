import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { manyLines, oneLine } from '#core/contract/text.ts';

const HARMFUL = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

describe('text from outside becomes one line', () => {
  test.each([
    ['adds a column\nTo approve: farol approve other', 'adds a column To approve: farol approve other'],
    ['red \u001b[2J\u001b]52;c;cm0gLXJm\u0007 text', 'red [2J ]52;c;cm0gLXJm text'],
    ['one\r\ntwo\u2028three\u2029four\u0085five', 'one two three four five'],
    ['user\u202Egpj.exe', 'usergpj.exe'],
    ['a\u200Bb\uFEFFc', 'abc'],
    ['half \uD83D of it', 'half of it'],
    ['null\u0000byte', 'null byte'],
    ['Grüße, 你好 👋', 'Grüße, 你好 👋'],
  ])('%j', (text, seen) => {
    expect(oneLine(text, 200)).toBe(seen);
  });

  test('of a bounded length, without half a character at its end', () => {
    expect(oneLine('x'.repeat(240_000), 1000)).toHaveLength(1000);
    expect(oneLine('👋'.repeat(20), 10)).toBe('👋👋👋👋…');
  });

  test('whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.integer({ min: 2, max: 100 }), (text, most) => {
        const seen = oneLine(text, most);
        expect(seen.length).toBeLessThanOrEqual(most);
        expect(seen).not.toMatch(HARMFUL);
        expect(oneLine(seen, most)).toBe(seen);
      }),
    );
  });
});

test('a block keeps its lines and nothing else', () => {
  expect(manyLines('CREATE TABLE a (\r\n\tid int\u202E\n);\u001b[2J', 100)).toBe('CREATE TABLE a (\nid int\n); [2J');
  expect(manyLines('x\n'.repeat(1000), 20).length).toBeLessThanOrEqual(20);
});
