import { CreateRepositoryCommand, ECRClient } from '@aws-sdk/client-ecr';
import { beforeAll, expect, test } from 'vitest';
import { EcrReleases } from '#aws/ecr-releases.ts';
import {
  AUTHOR_LABEL,
  BUILD_LABEL,
  COMMIT_LABEL,
  type Digest,
  RELEASE_LABEL,
  type Version,
} from '#core/contract/release.ts';
import { CONFIG_TYPE, digestOf, type Image, LAYER_TYPE, MANIFEST_TYPE } from '../../../../local/image/oci.ts';
import { Repository } from '../../../../local/image/registry.ts';
import { cloud } from '../../../../packages/local-aws/test/fixtures/cloud.ts';
import { MIGRATING_RELEASE_JSON } from '../../../fixtures/release-json.ts';
import { digestOf as digest } from './releases.ts';

const started = cloud();
const releases = () => new EcrReleases(new ECRClient(started().client));
const registry = () => new Repository(started().gateway.url, 'web');

beforeAll(async () => {
  await new ECRClient(started().client).send(new CreateRepositoryCommand({ repositoryName: 'web' }));
});

const LABELS = {
  [RELEASE_LABEL]: JSON.stringify(MIGRATING_RELEASE_JSON),
  [COMMIT_LABEL]: 'c0ffee',
  [AUTHOR_LABEL]: 'Ana\n<ana@example.com>\u202E',
  [BUILD_LABEL]: 'web:1',
};

/** An image, or what its manifest says is one. @param type of its configuration */
function imageOf(config: Buffer, layer: Buffer, type: string = CONFIG_TYPE): Image & { digest: Digest } {
  const descriptor = (mediaType: string, content: Buffer) => ({
    mediaType,
    digest: digestOf(content),
    size: content.length,
  });
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST_TYPE,
      config: descriptor(type, config),
      layers: [descriptor(LAYER_TYPE, layer)],
    }),
  );
  return { manifest, config, layer, digest: `sha256:${digestOf(manifest).slice(7)}` };
}

function image(labels: Record<string, string> | undefined, salt: string): Image & { digest: Digest } {
  const layer = Buffer.from(`no tar at all ${salt}`);
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'arm64',
      os: 'linux',
      author: salt,
      config: { Cmd: ['serve'], ...(labels === undefined ? {} : { Labels: labels }) },
    }),
  );
  return imageOf(config, layer);
}

async function push(version: Version, labels: Record<string, string> | undefined = LABELS, salt = ''): Promise<Digest> {
  const made = image(labels, `${version} ${salt}`);
  await registry().push(made, version);
  return made.digest;
}

test('a release is read from the labels of the image that was announced', async () => {
  const pushed = await push('v1.0.0');
  expect(await releases().release('web', pushed, 'v1.0.0')).toEqual({
    repository: 'web',
    digest: pushed,
    version: 'v1.0.0',
    commit: 'c0ffee',
    author: 'Ana <ana@example.com>',
    build: 'web:1',
    releaseJson: MIGRATING_RELEASE_JSON,
  });
});

test.each([
  ['no such tag', 'web', 'v9.9.9', /^The image web:v9\.9\.9 is not in the registry \(.*not found/],
  ['no such repository', 'shop', 'v1.0.0', /^The image shop:v1\.0\.0 is not in the registry \(.*does not exist/],
] as const)('%s: said in words', async (_what, repository, version, sentence) => {
  expect(await releases().release(repository, digest(version), version)).toMatch(sentence);
});

/** Pushes an image whose configuration, or what the manifest says of it, is another. */
async function pushOdd(version: Version, config: string, type: string = CONFIG_TYPE): Promise<Digest> {
  const made = imageOf(Buffer.from(config), Buffer.from(`no tar at all ${version}`), type);
  await registry().push(made, version);
  return made.digest;
}

test.each([
  ['a configuration without config', 'v5.0.0', '{"os":"linux"}', CONFIG_TYPE, /carries no release\.json/],
  ['a configuration whose config is null', 'v5.0.1', '{"config":null}', CONFIG_TYPE, /carries no release\.json/],
  [
    'a configuration that is no JSON',
    'v5.0.2',
    'hello',
    CONFIG_TYPE,
    /web:v5\.0\.2 is not a container image: its configuration cannot be read/,
  ],
  [
    'an OCI artefact',
    'v5.0.3',
    '{}',
    'application/vnd.cncf.helm.config.v1+json',
    /is an OCI artefact \(application\/vnd\.cncf\.helm/,
  ],
] as const)('%s is refused in words', async (_what, version, config, type, sentence) => {
  const pushed = await pushOdd(version, config, type);
  expect(await releases().release('web', pushed, version)).toMatch(sentence);
});

test.each([
  ['v6.0.0', { json: JSON.parse(`${'{"a":'.repeat(40)}1${'}'.repeat(40)}`) }, /at most 16 levels deep/],
  ['v6.0.1', { maxMs: 60_000 }, /at most 20000/],
  ['v6.0.2', { contains: 'x'.repeat(60_000) }, /it has \d+ bytes, and at most 50000 are kept/],
] as const)(
  'a release.json beyond what can be kept or asked is refused in words: %s',
  async (version, check, sentence) => {
    const smoke = [{ path: '/', status: 200, ...check }];
    const labels = { ...LABELS, [RELEASE_LABEL]: JSON.stringify({ ...MIGRATING_RELEASE_JSON, smoke }) };
    expect(await releases().release('web', await push(version, labels), version)).toMatch(sentence);
  },
);

test('a tag that names another image by now is told, with both digests', async () => {
  const first = await push('v1.1.0');
  const second = await push('v1.1.0', LABELS, 'again');
  const sentence = await releases().release('web', first, 'v1.1.0');
  expect(sentence).toContain(`The tag v1.1.0 now names ${second}, not ${first}`);
});

test('an index of several images is told as such', async () => {
  const one = await push('v1.2.0');
  const index = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [
      { mediaType: MANIFEST_TYPE, digest: one, size: 1, platform: { architecture: 'arm64', os: 'linux' } },
      { mediaType: MANIFEST_TYPE, digest: one, size: 1, platform: { architecture: 'unknown', os: 'unknown' } },
    ],
  });
  const answer = await fetch(new URL('/v2/web/manifests/v1.2.1', started().gateway.url), {
    method: 'PUT',
    headers: { 'content-type': 'application/vnd.oci.image.index.v1+json' },
    body: index,
  });
  expect(answer.status).toBe(201);
  expect(await releases().release('web', digest(index), 'v1.2.1')).toMatch(/is an index of several images/);
});

test('an index is among the media types that are asked for, or ECR would give one of its images instead', async () => {
  const asked = Promise.withResolvers<unknown>();
  const end = started().gateway.onCall(
    ({ operation, params }) => operation === 'BatchGetImage' && asked.resolve(params['acceptedMediaTypes']),
  );
  await releases().release('web', await push('v1.2.2'), 'v1.2.2');
  end();
  expect(await asked.promise).toContain('application/vnd.oci.image.index.v1+json');
});

test.each([
  ['no labels', undefined, /carries no release\.json \(label farol\.release\)/],
  ['no release.json', { [COMMIT_LABEL]: 'c0ffee' }, /carries no release\.json/],
  ['a release.json that is no JSON', { [RELEASE_LABEL]: '{' }, /^release\.json of v1\.3\.0 is wrong/],
  [
    'a release.json with an unknown key',
    { [RELEASE_LABEL]: JSON.stringify({ ...MIGRATING_RELEASE_JSON, bake: '1s' }) },
    /^release\.json of v1\.3\.0 is wrong: .*bake/s,
  ],
])('an image with %s is no release', async (what, labels, sentence) => {
  const made = image(labels, what);
  await registry().push(made, 'v1.3.0');
  expect(await releases().release('web', made.digest, 'v1.3.0')).toMatch(sentence);
});

test('labels that name neither commit nor build are left to the judgement of the caller', async () => {
  const pushed = await push('v1.4.0', { [RELEASE_LABEL]: JSON.stringify(MIGRATING_RELEASE_JSON) });
  expect(await releases().release('web', pushed, 'v1.4.0')).toMatchObject({ commit: '', build: '' });
});

test('a configuration that cannot be downloaded is a surprise, not a verdict on the image', async () => {
  const made = image(LABELS, 'without its configuration');
  const { manifest } = made;
  const answer = await fetch(new URL('/v2/web/manifests/v1.5.0', started().gateway.url), {
    method: 'PUT',
    headers: { 'content-type': MANIFEST_TYPE },
    body: new Uint8Array(manifest),
  });
  expect(answer.status).toBe(201);
  await expect(releases().release('web', made.digest, 'v1.5.0')).rejects.toThrow(Error);
});

test('the newest version of a repository is the highest, whatever was pushed last, tags that are none left out', async () => {
  await new ECRClient(started().client).send(new CreateRepositoryCommand({ repositoryName: 'many' }));
  const many = new Repository(started().gateway.url, 'many');
  expect(await releases().newest('many')).toBeUndefined();
  expect(await releases().newest('none')).toBeUndefined();
  const highest = image(LABELS, 'v1.10.0');
  for (const [tag, one] of [
    ['v1.9.0', image(LABELS, 'v1.9.0')],
    ['v1.10.0', highest],
    ['latest', image(LABELS, 'latest')],
    ['v1.10.0-rc.1', image(LABELS, 'rc')],
  ] as const)
    await many.push(one, tag);
  expect(await releases().newest('many')).toMatchObject({ version: 'v1.10.0', digest: highest.digest });
});

test('the image that a version names is known by its digest; no image means no digest', async () => {
  const pushed = await push('v3.0.0');
  expect(await releases().digest('web', 'v3.0.0')).toBe(pushed);
  expect(await releases().digest('web', 'v3.0.1')).toBeUndefined();
  expect(await releases().digest('no-such-repository', 'v3.0.0')).toBeUndefined();
});
