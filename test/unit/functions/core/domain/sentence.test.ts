import { describe, expect, test } from 'vitest';
import type { DeploymentRequest, Placement } from '#core/contract/ledger.ts';
import { sentenceOf, withLastLines } from '#core/domain/sentence.ts';
import { RELEASE_JSON } from '../../../../fixtures/release-json.ts';

const request: DeploymentRequest = {
  kind: 'release',
  target: 'web/production',
  deployment: 'web-production-v1_4_0-aaaaaaaa-1',
  version: 'v1.4.0',
  digest: `sha256:${'a'.repeat(64)}`,
  attempt: 1,
  cause: 'push',
};
const live: Placement = {
  slot: 'blue',
  deployable: { digest: request.digest, version: 'v1.3.0', settingsHash: '0'.repeat(16) },
  taskDefinition: 'web:1',
  deployment: 'd',
  releaseJson: RELEASE_JSON,
};

describe('how a deployment ended says what serves now', () => {
  test.each([
    ['live', 'v1.4.0 is live on web/production: Why.'],
    ['unchanged', 'Nothing to do on web/production: Why'],
    ['restored', 'Restored: v1.3.0 serves web/production. Why'],
    ['rolled back', 'v1.4.0 was not made live; v1.3.0 serves web/production. Why'],
    ['refused', 'v1.4.0 was refused before anything changed; v1.3.0 serves web/production. Why'],
    [
      'frozen',
      'web/production is frozen until a person has looked. Why When it is put right, open the target: farol unfreeze web/production --reason "what was done". That brings all the traffic back to what is live. To open it with a release that mends it: farol redeploy web/production <version> --rescue "why".',
    ],
    [
      'interrupted',
      'The deployment of v1.4.0 was interrupted, and the traffic may be shared still; by the ledger v1.3.0 serves web/production. A recovery goes on by itself. Why',
    ],
  ] as const)('%s', (result, sentence) => {
    expect(sentenceOf(request, result, 'Why', live)).toBe(sentence);
  });

  test('also where nothing has been live', () => {
    expect(sentenceOf(request, 'refused', 'Why', undefined)).toContain('nothing has been live on web/production yet');
  });

  test('and that only settings changed', () => {
    expect(sentenceOf({ ...request, kind: 'settings' }, 'live', 'Why', live)).toBe(
      'v1.4.0 with the changed settings is live on web/production: Why.',
    );
  });
});

describe('what a task printed last', () => {
  test('stands behind the reason, the last five lines of it', () => {
    expect(withLastLines({ reason: 'It ended.', more: 1 }, ['1', '2', '3', '4', '5', '6'])).toEqual({
      reason: 'It ended. Last lines: 2 | 3 | 4 | 5 | 6',
      more: 1,
    });
  });

  test('changes nothing where it printed nothing', () => {
    expect(withLastLines({ reason: 'It ended.' }, [])).toEqual({ reason: 'It ended.' });
  });
});
