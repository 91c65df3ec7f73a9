import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type TaskKind, taskDefinition } from '#aws/task-definition.ts';
import { SETTINGS } from '../../../fixtures/settings.ts';
import { release } from './cloud.ts';

const KINDS: readonly TaskKind[] = ['web', 'plan', 'migrate', 'bootstrap'];

/** No template holds a task definition, so that no checker of templates sees what is asserted here. */
describe.each(KINDS)('a task of kind %s', (kind) => {
  const made = taskDefinition({
    settings: SETTINGS,
    release: release('v1.0.0'),
    kind,
    command: ['run'],
    deployment: 'd',
  });
  const [container, ...others] = made.containerDefinitions ?? [];

  test('writes nowhere but into its own temporary files', () => {
    expect(others).toEqual([]);
    expect(container?.readonlyRootFilesystem).toBe(true);
    expect(container?.mountPoints).toEqual([{ sourceVolume: 'tmp', containerPath: '/tmp', readOnly: false }]);
    expect(made.volumes).toEqual([{ name: 'tmp' }]);
  });

  test('is given no more than any process, and the user that its image names', () => {
    expect(container).not.toHaveProperty('privileged');
    expect(container).not.toHaveProperty('user');
    expect(container?.linuxParameters).toEqual({ initProcessEnabled: true });
    expect(made.networkMode).toBe('awsvpc');
    for (const member of ['pidMode', 'ipcMode']) expect(made).not.toHaveProperty(member);
  });

  test('runs one image by its digest, with secrets by reference alone', () => {
    expect(container?.image).toMatch(/@sha256:[0-9a-f]{64}$/);
    const secret = { SECRET_KEY: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:key' };
    const service = SETTINGS.services.map((one) => ({ ...one, secrets: secret }));
    const { containerDefinitions } = taskDefinition({
      settings: { ...SETTINGS, services: service },
      release: release('v1.0.0'),
      kind,
      command: ['run'],
      deployment: 'd',
    });
    const [given] = containerDefinitions ?? [];
    expect(given?.secrets).toContainEqual({ name: 'SECRET_KEY', valueFrom: secret.SECRET_KEY });
    expect(given?.environment?.map(({ name }) => name)).not.toContain('SECRET_KEY');
  });
});

test('the application’s image runs as a user by number that is not root, in its last stage', () => {
  const stages = readFileSync(new URL('../../../../django/Dockerfile', import.meta.url), 'utf8').split(/^FROM /m);
  const users = [...(stages.at(-1) ?? '').matchAll(/^USER (\d+):(\d+)$/gm)].map(([, user, group]) => [
    Number(user),
    Number(group),
  ]);
  expect(users).toHaveLength(1);
  for (const id of users.flat()) expect(id).toBeGreaterThan(0);
});
