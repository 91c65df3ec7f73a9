import { readFileSync } from 'node:fs';
import { argv, env, exit, stderr, stdin, stdout } from 'node:process';
import { keptReleases, type PipelineRun, releaseTag, startedBy } from '#core/domain/release-tag.ts';

/**
 * What buildspec.yml asks of Farol's own rules, bundled into it at synthesis (buildspec.ts). One word says what is asked; the
 * answer is one line, a refusal is a sentence on standard error and exit code 1.
 *
 * RUN: the trigger of the pipeline's execution, as GetPipelineExecution gives it. PUSHED: the tag that began it, as JSON, or null.
 * RELEASED: the tags in the registry, divided by spaces. LIVE: the versions that are live at the application's targets, as well.
 */
const [, , asked = '', version = ''] = argv;
const released = words(env['RELEASED']);

switch (asked) {
  case 'started':
    stdout.write(`${startedBy(run())}\n`);
    break;
  case 'version': {
    // The tags that name the commit come as lines.
    const decided = releaseTag(run(), words(readFileSync(stdin.fd, 'utf8')), released);
    if ('problem' in decided) {
      stderr.write(`No version: ${decided.problem}\n`);
      exit(1);
    }
    stdout.write(`${'version' in decided ? decided.version : 'none'}\n`);
    break;
  }
  case 'kept':
    stdout.write(`${keptReleases(version, released, words(env['LIVE'])).join(' ')}\n`);
    break;
  default:
    stderr.write(`release-tag: "started", "version" or "kept" is asked, not ${JSON.stringify(asked)}\n`);
    exit(1);
}

function words(text = ''): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

function run(): PipelineRun {
  const trigger: unknown = JSON.parse(env['RUN'] ?? 'null');
  const tag: unknown = JSON.parse(env['PUSHED'] ?? 'null');
  const of = (name: string): string => {
    const value: unknown = trigger !== null && typeof trigger === 'object' ? Reflect.get(trigger, name) : undefined;
    return typeof value === 'string' ? value : 'unknown';
  };
  return {
    triggerType: of('triggerType'),
    triggerDetail: of('triggerDetail'),
    tag: typeof tag === 'string' && tag !== '' ? tag : undefined,
  };
}
