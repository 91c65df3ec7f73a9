import { expect, test } from 'vitest';
import { Duration, milliseconds, seconds } from '#core/contract/duration.ts';

test.each([
  ['500ms', 0.5],
  ['90s', 90],
  ['5m', 300],
  ['1h', 3600],
  ['14d', 1_209_600],
  ['1.5h', 5400],
])('%s are %d seconds', (text, count) => {
  const time = Duration.parse(text);
  expect(seconds(time)).toBe(count);
  expect(milliseconds(time)).toBe(count * 1000);
});

test.each(['', '5', 'm', '-1s', '1 h', '1w', ' 1s', '1s '])('%j is not a time', (text) => {
  expect(Duration.safeParse(text).success).toBe(false);
});
