import { until, within } from '@farol/local-aws/deadline.ts';
import { expect, test, vi } from 'vitest';
import { Closers } from '../../../../local/parts/closers.ts';

test('ends what began last first, and goes on when one fails', async () => {
  const told = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const ended: string[] = [];
  const closers = new Closers();
  closers.add(() => void ended.push('first'));
  closers.add(() => Promise.reject(new Error('stuck')));
  closers.add(() => void ended.push('last'));
  await Promise.all([closers.close(), closers.close()]);
  expect(ended).toEqual(['last', 'first']);
  expect(told.mock.calls).toEqual([['farol: while stopping: stuck\n']]);
  told.mockRestore();
});

test('what comes after the end began is ended at once', async () => {
  const closers = new Closers();
  await closers.close();
  const ended = vi.fn<() => void>();
  closers.add(ended);
  expect(ended).toHaveBeenCalledOnce();
});

test('a deadline is told in words', async () => {
  await expect(within(20, 'the flood', new Promise(() => undefined))).rejects.toThrow(
    'the flood took longer than 0 s.',
  );
  await expect(until(20, 'the ebb', () => undefined, 5)).rejects.toThrow('the ebb took longer than 0 s.');
});

test('what comes in time is handed on, also a failure', async () => {
  expect(await within(5000, 'it', Promise.resolve(1))).toBe(1);
  await expect(within(5000, 'it', Promise.reject(new Error('broke')))).rejects.toThrow('broke');
  expect(await until(5000, 'it', () => 2)).toBe(2);
});
