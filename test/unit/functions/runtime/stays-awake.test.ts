import { expect, test } from 'vitest';
import { staysAwake } from '#runtime/handle.ts';

test('a schedule that keeps a function awake makes it do nothing, and nothing else is taken for it', () => {
  const handled: unknown[] = [];
  const handler = staysAwake((event: unknown, _context: unknown) => handled.push(event));
  expect(handler({ wake: true }, {})).toBeUndefined();
  expect(handled).toEqual([]);
  for (const event of [{ wake: false }, { wake: true, url: 'http://a/' }, undefined]) handler(event, {});
  expect(handled).toHaveLength(3);
});
