import { expect, test } from 'vitest';
import { Version } from '#core/contract/release.ts';
import { Target } from '#core/contract/target.ts';
import { deploymentName } from '#core/domain/deployment-name.ts';

test('a deployment is named as Step Functions allows, for the longest target and version there can be', () => {
  const longest = 'a'.repeat(20);
  const version = Version.parse(`v1.0.0-${'x'.repeat(17)}`);
  const name = deploymentName(Target.parse(`${longest}/${longest}`), version, `sha256:${'f'.repeat(64)}`, 99);
  expect(name.length).toBeLessThanOrEqual(80);
  expect(name).toMatch(/^[A-Za-z0-9_-]+$/);
  expect(deploymentName('web/production', 'v1.4.0', `sha256:3f9a2c1b${'0'.repeat(56)}`, 1)).toBe(
    'web-production-v1_4_0-3f9a2c1b-1',
  );
});
