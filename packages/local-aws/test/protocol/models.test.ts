import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { botocoreData, ServiceModels } from '../../src/protocol/models.ts';
import { models, temporaryFolder } from '../fixtures/gateway.ts';

test('the newest version of a model is taken', () => {
  const folder = temporaryFolder();
  for (const version of ['2012-06-01', '2019-01-01', '2015-12-01']) {
    mkdirSync(join(folder, 'tiny', version), { recursive: true });
    const model = { metadata: { apiVersion: version, protocol: 'json' }, operations: {}, shapes: {} };
    writeFileSync(join(folder, 'tiny', version, 'service-2.json'), JSON.stringify(model));
  }
  expect(new ServiceModels(folder).get('tiny').metadata.apiVersion).toBe('2019-01-01');
});

test('models are read once, when they are asked for', () => {
  expect(models.get('ecs')).toBe(models.get('ecs'));
  expect(models.get('lambda').metadata.protocol).toBe('rest-json');
});

test('what there is not', () => {
  expect(models.find('nonsense')).toBeUndefined();
  expect(models.find('../ecs')).toBeUndefined();
  expect(() => models.get('nonsense')).toThrow('botocore has no service nonsense');
  expect(() => new ServiceModels('/nowhere')).toThrow('no service models in /nowhere');
  expect(() => botocoreData('/nowhere')).toThrow('no botocore in the Python environment /nowhere');
});
