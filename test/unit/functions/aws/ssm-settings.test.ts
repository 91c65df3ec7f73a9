import { DeleteParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterEach, expect, test } from 'vitest';
import { SsmSettings } from '#aws/ssm-settings.ts';
import type { Settings } from '#core/contract/settings.ts';
import { cloud } from '../../../../packages/local-aws/test/fixtures/cloud.ts';
import { SETTINGS, settingsOf } from '../../../fixtures/settings.ts';

const started = cloud();
const ssm = () => new SSMClient(started().client);
const store = () => new SsmSettings(ssm());
const published = new Set<string>();

async function publish(target: string, value: string | Settings): Promise<void> {
  const Name = `/farol/targets/${target}`;
  const Value = typeof value === 'string' ? value : JSON.stringify(value);
  await ssm().send(new PutParameterCommand({ Name, Value, Type: 'String', Overwrite: true }));
  published.add(Name);
}

afterEach(async () => {
  for (const Name of published) await ssm().send(new DeleteParameterCommand({ Name }));
  published.clear();
});

test('settings are those that the target has published', async () => {
  await publish('web/production', SETTINGS);
  expect(await store().settings('web/production')).toEqual(SETTINGS);
  expect(await store().all()).toEqual([{ settings: SETTINGS }]);
});

test('no target, no settings', async () => {
  expect(await store().all()).toEqual([]);
  expect(await store().settings('web/production')).toBe(
    "There is no parameter /farol/targets/web/production: deploy the target's stack (farol deploy).",
  );
});

test('settings that cannot be read stop their own target and no other', async () => {
  await publish('web/production', SETTINGS);
  await publish('shop/production', 'no JSON');
  await publish('shop/staging', JSON.stringify({ ...settingsOf('shop', 'staging'), bake: '1m' }));
  await publish('web/staging', SETTINGS);
  expect(await store().all()).toEqual([
    { target: 'shop/production', error: 'they are no JSON' },
    { target: 'shop/staging', error: expect.stringContaining('bake') },
    { settings: SETTINGS },
    { target: 'web/staging', error: 'they are settings of web/production' },
  ]);
  expect(await store().settings('shop/staging')).toMatch(
    /settings in \/farol\/targets\/shop\/staging are wrong: .*bake/s,
  );
  expect(await store().settings('web/staging')).toMatch(/they are settings of web\/production/);
});

test('settings that name what is another target’s are refused, and say what would be right', async () => {
  const { infrastructure } = settingsOf('web', 'production');
  await publish('web/staging', { ...settingsOf('web', 'staging'), infrastructure });
  await publish('web/production', SETTINGS);
  expect(await store().all()).toEqual([
    { settings: SETTINGS },
    {
      target: 'web/staging',
      error: expect.stringMatching(/"web-production" is not of web\/staging: it must be web-staging/),
    },
  ]);
  expect(await store().settings('web/staging')).toMatch(/infrastructure\.cluster/);
});

test('every target is found, past the ten parameters of a page', async () => {
  const environments = Array.from({ length: 23 }, (_, n) => `env-${String(n).padStart(2, '0')}`);
  for (const environment of environments) await publish(`web/${environment}`, settingsOf('web', environment));
  const found = await store().all();
  expect(found.map((one) => ('settings' in one ? one.settings.environment : one.error))).toEqual(environments);
});
