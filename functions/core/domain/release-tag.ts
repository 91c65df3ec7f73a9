import { compareVersions, meantAsVersion, versionProblem } from '../contract/version.ts';

/** A run of the pipeline, as the build knows it. */
export interface PipelineRun {
  /** What began it: `WebhookV2`, `StartPipelineExecution` and others. CodePipeline API Reference, ExecutionTrigger. */
  readonly triggerType: string;
  /** Of a call of StartPipelineExecution: the caller's ARN. */
  readonly triggerDetail: string;
  /** The tag whose push began it, where the source action says it; undefined: it does not. */
  readonly tag: string | undefined;
}

/** Which version a run builds; `none`: the commit carries no tag that was meant as one. */
export type ReleaseTag = { readonly version: string } | { readonly problem: string } | { readonly none: true };

/**
 * Decides which version a run of the pipeline builds. The tag that began the run decides where it is known: a release
 * candidate and its final release may name one commit. Where it is not known, as in a run that a person started, the commit must
 * leave no choice.
 * @param tags those that name the commit
 * @param released versions that are in the registry already
 */
export function releaseTag(run: PipelineRun, tags: readonly string[], released: readonly string[]): ReleaseTag {
  const { tag } = run;
  if (tag !== undefined) {
    const problem = versionProblem(tag);
    if (problem !== undefined) return { problem: `${problem}.` };
    if (!tags.includes(tag))
      return {
        problem: `${tag} began this run and does not name the commit that is built: it was moved or deleted since. A version never changes; give the change a tag of its own.`,
      };
    return notReleased(tag, released);
  }
  const versions = tags.filter((one) => versionProblem(one) === undefined).toSorted(compareVersions);
  const [open, ...more] = versions.filter((version) => !released.includes(version));
  if (more.length > 0)
    return {
      problem: `This run was started by ${startedBy(run)}, and ${[open, ...more].join(', ')} name its commit: it cannot know which of them to build. Push the version that you want again, or delete the others' tags and start the run again.`,
    };
  const version = open ?? versions.at(-1);
  if (version !== undefined) return notReleased(version, released);
  const meant = tags.filter(meantAsVersion);
  if (meant.length === 0) return { none: true };
  return { problem: meant.map((one) => `${versionProblem(one)}.`).join(' ') };
}

function notReleased(version: string, released: readonly string[]): ReleaseTag {
  if (!released.includes(version)) return { version };
  return {
    problem: `${version} is in the registry already, and a version never changes: give the change a tag of its own.`,
  };
}

/** Who or what began a run, to be put behind "started by". */
export function startedBy({ triggerType, triggerDetail, tag }: PipelineRun): string {
  if (tag !== undefined) return `the push of ${tag}`;
  if (triggerType.startsWith('Webhook')) return 'a push whose tag the source action does not name';
  const who = triggerDetail.replaceAll(/[^\x21-\x7e]+/g, ' ').trim();
  return `${who === '' ? 'an unnamed caller' : who.slice(0, 150)} without a tag (${triggerType})`;
}

/** How many releases an image keeps the static files of: as many as the Dockerfile has arguments for. */
const KEPT_RELEASES = 4;

/** The newest releases before one, which may be live by the time that it is deployed. */
const NEWEST_BEFORE = 2;

/**
 * The releases whose static files stay in the image of `version`: what is live at the application's targets, since its pages are open
 * while traffic shifts, however many releases failed after it; then the newest before `version`.
 * @param released what is in the registry
 * @param live versions that the ledger calls live
 */
export function keptReleases(version: string, released: readonly string[], live: readonly string[]): string[] {
  const others = released.filter((one) => versionProblem(one) === undefined && one !== version);
  const newestFirst = others.toSorted((a, b) => compareVersions(b, a));
  const before = newestFirst.filter((one) => compareVersions(one, version) < 0).slice(0, NEWEST_BEFORE);
  const serving = newestFirst.filter((one) => live.includes(one));
  return [...new Set([...serving, ...before])].slice(0, KEPT_RELEASES);
}
