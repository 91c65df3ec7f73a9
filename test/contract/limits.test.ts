import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BOUNDS, type Bound } from '#core/contract/bounds.ts';
import { Duration } from '#core/contract/duration.ts';
import { Settings } from '#core/contract/settings.ts';
import { ROOT } from '../../local/setup.mjs';
import { SETTINGS } from '../fixtures/settings.ts';

test('docs/limits.md has every bound of a setting, as it is', () => {
  const page = readFileSync(join(ROOT, 'docs', 'limits.md'), 'utf8');
  const rows = Object.entries<Bound>(BOUNDS).map(
    ([setting, { least, most, source, whole }]) =>
      `| \`${setting}\` | ${least} | ${most} | ${source}${whole === true ? '; whole seconds' : ''} |`,
  );
  expect(page).toContain(rows.join('\n'));
});

/** Paths of the times and numbers in settings; those of a list's entries without their places. */
function measured(value: unknown, path: readonly string[] = []): string[] {
  if (typeof value === 'number' || Duration.safeParse(value).success) return [path.join('.')];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => measured(member, /^\d+$/.test(key) ? path : [...path, key]));
}

test('every time and every number of the settings has a bound, and each bound is kept', () => {
  const settings = { ...SETTINGS, approval: { timeout: '1h' } };
  const found = new Set(measured(settings));
  // What the service stack writes: Fargate's sizes are checked there, and ELBv2 has the priorities of rules.
  const ofStack = ['services.cpu', 'services.memory', 'infrastructure.rulePriority'];
  expect([...found].filter((path) => !ofStack.includes(path)).toSorted()).toEqual(Object.keys(BOUNDS).toSorted());
  for (const [setting, { most }] of Object.entries<Bound>(BOUNDS)) {
    const beyond = typeof most === 'number' ? most * 2 : '1000000000d';
    const [group = '', key] = setting.split('.');
    const changed =
      group === 'traffic'
        ? { traffic: [{ ...SETTINGS.traffic.at(-1), [key ?? '']: beyond }] }
        : key === undefined
          ? { [group]: beyond }
          : { [group]: { ...Reflect.get(settings, group), [key]: beyond } };
    const { error } = Settings.safeParse({ ...settings, ...changed });
    expect(
      error?.issues.map(({ message }) => message),
      setting,
    ).toContainEqual(expect.stringContaining(`at most ${most}`));
  }
});
