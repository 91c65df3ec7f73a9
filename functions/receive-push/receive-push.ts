import { EcrImageAction } from '#core/contract/events.ts';
import { Digest, Version } from '#core/contract/release.ts';
import { type Settings, targetOf } from '#core/contract/settings.ts';
import type { Executions, Ledger, SettingsStore } from '#core/ports.ts';
import { requestOf, startOrQueue } from '#core/use-cases/begin-deployment.ts';

export interface PushOutcome {
  readonly outcome: 'started' | 'queued' | 'duplicate' | 'ignored' | 'older';
  /** The deployment, or why the event starts none. */
  readonly what: string;
}

interface Ports {
  readonly ledger: Ledger;
  readonly executions: Executions;
  readonly settings: SettingsStore;
  /** Told of a target that cannot be served because its settings do not parse. */
  readonly warn: (message: string) => void;
}

/**
 * What a push to the registry means: a deployment for each target of the repository, or nothing.
 * An event that is no release (another tag, an attestation, a deletion) is ignored with its reason; N deliveries of one
 * event have the effect of one, since the deployment's name follows from target, version and digest alone.
 */
export async function receivePush(event: unknown, ports: Ports): Promise<PushOutcome[]> {
  const push = readPush(event);
  if (typeof push === 'string') return [{ outcome: 'ignored', what: push }];
  const listening = await targetsThatHear(push.repository, ports);
  if (listening.length === 0)
    return [{ outcome: 'ignored', what: `no target is deployed from pushes to ${push.repository}` }];
  return Promise.all(listening.map((settings) => begin(settings, push, ports)));
}

interface Push {
  readonly repository: string;
  readonly version: Version;
  readonly digest: Digest;
}

/** The release that an event announces, or in words why it announces none. */
function readPush(event: unknown): Push | string {
  const parsed = EcrImageAction.safeParse(event);
  if (!parsed.success)
    return `not an ECR image action: ${parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')}`;
  const { detail } = parsed.data;
  const action = detail['action-type'];
  if (action !== 'PUSH') return `action-type is ${action}, not PUSH`;
  if (detail.result !== 'SUCCESS') return `result is ${detail.result}, not SUCCESS`;
  const tag = detail['image-tag'];
  if (tag === undefined || tag === '')
    return 'the manifest has no tag (an attestation, a signature, or one part of an index)';
  const version = Version.safeParse(tag);
  if (!version.success) return `the tag is no release: ${version.error.issues[0]?.message}`;
  const digest = Digest.safeParse(detail['image-digest']);
  if (!digest.success) return 'image-digest is no sha256 digest';
  return { repository: detail['repository-name'], version: version.data, digest: digest.data };
}

async function targetsThatHear(repository: string, { settings, warn }: Ports): Promise<Settings[]> {
  const targets = await settings.all();
  for (const target of targets) {
    if ('error' in target)
      warn(`settings of ${target.target} cannot be read, so pushes do not start a deployment there: ${target.error}`);
  }
  return targets.flatMap((target) =>
    'settings' in target && target.settings.source === 'push' && target.settings.repository === repository
      ? [target.settings]
      : [],
  );
}

async function begin(
  settings: Settings,
  { repository, version, digest }: Push,
  { ledger, executions }: Ports,
): Promise<PushOutcome> {
  // A push is attempt 1 and no other: its name follows from the event alone.
  const cause = `push of ${repository}:${version}`;
  const request = requestOf({ target: targetOf(settings), version, digest, cause }, 1);
  const { deployment } = request;
  if ((await ledger.deployment(deployment)) !== undefined) return { outcome: 'duplicate', what: deployment };
  const outcome = await startOrQueue(request, { ledger, executions });
  switch (outcome) {
    case 'older':
      return { outcome, what: `${deployment}: a newer push is waiting already` };
    case 'exists':
      return { outcome: 'duplicate', what: deployment };
    case 'started':
    case 'queued':
      return { outcome, what: deployment };
    default:
      return outcome satisfies never;
  }
}
