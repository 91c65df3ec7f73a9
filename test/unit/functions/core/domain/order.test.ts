import { describe, expect, test } from 'vitest';
import type { Head } from '#core/contract/ledger.ts';
import { refusalOf } from '#core/domain/order.ts';
import { wayOn } from '#core/domain/sentence.ts';
import { RELEASE_JSON } from '../../../../fixtures/release-json.ts';

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const LIVE = digest('a');

function head(version: string | undefined, frozen?: Head['frozen']): Head {
  if (version === undefined) return { ...(frozen && { frozen }) };
  return {
    live: {
      slot: 'blue',
      deployable: { digest: LIVE, version, settingsHash: '0'.repeat(16) },
      taskDefinition: 'web:1',
      deployment: 'd',
      releaseJson: RELEASE_JSON,
    },
    ...(frozen && { frozen }),
  };
}

describe('a target takes', () => {
  test.each([
    ['its first release', 'v1.0.0', LIVE, undefined],
    ['a newer version', 'v1.4.1', digest('b'), 'v1.4.0'],
    ['the final release after its candidate', 'v1.4.0', digest('b'), 'v1.4.0-rc.2'],
    ['the same image again', 'v1.4.0', LIVE, 'v1.4.0'],
  ])('%s', (_what, version, image, live) => {
    expect(refusalOf({ target: 'web/production', version, digest: image }, head(live))).toBeUndefined();
  });
});

describe('a target refuses', () => {
  test.each([
    ['an older version', 'v1.3.9', digest('b'), 'v1.4.0', 'v1.3.9 is older than v1.4.0, which is live'],
    ['a candidate of what is live', 'v1.4.0-rc.1', digest('b'), 'v1.4.0', 'v1.4.0-rc.1 is older than v1.4.0'],
    ['another image of the same version', 'v1.4.0', digest('b'), 'v1.4.0', `another digest (${LIVE})`],
  ])('%s', (_what, version, image, live, words) => {
    expect(refusalOf({ target: 'web/production', version, digest: image }, head(live))).toContain(words);
  });

  test.each([undefined, 'v1.0.0'])('everything while it is frozen, with %s live', (live) => {
    const frozen = { reason: 'A migration was killed.', at: '2026-11-26T12:00:00.000Z', deployment: 'd' };
    expect(refusalOf({ target: 'web/production', version: 'v2.0.0', digest: digest('b') }, head(live, frozen))).toBe(
      `The target is frozen since 2026-11-26T12:00:00.000Z: A migration was killed. ${wayOn('web/production')}`,
    );
  });
});
