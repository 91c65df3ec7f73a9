import type { ReleaseJson } from '#core/contract/release.ts';
import type { Target } from '#core/contract/target.ts';
import { EXIT, Problem } from '../problem.ts';

/** ECS API reference, RunTask, startedBy: 128 letters, digits, hyphens, slashes and underscores. */
const STARTED_BY_CHARACTERS = 128;

/** The person behind an ARN of STS, as `startedBy` takes it: `assumed-role/Admin/ana@example.com` becomes `ana_example_com`. */
export function startedBy(callerArn: string): string {
  const name = callerArn.split(/[:/]/).at(-1) ?? '';
  return name.replaceAll(/[^A-Za-z0-9_-]/g, '_').slice(0, STARTED_BY_CHARACTERS) || 'unknown';
}

/** The one target that is meant. @throws {Problem} when that is not clear */
export function chooseTarget(published: readonly string[], wanted: string | undefined): Target {
  const [only, ...others] = published;
  if (only === undefined)
    throw new Problem(
      'No target is published in this account and region.',
      'Deploy one with `npm run deploy -- <environment>`, or name the right region with --region.',
    );
  const list = published.join(', ');
  if (wanted === undefined) {
    if (others.length === 0) return only;
    throw new Problem(`There are ${published.length} targets: ${list}.`, 'Say which with --target.', EXIT.usage);
  }
  if (published.includes(wanted)) return wanted;
  throw new Problem(`There is no target ${wanted}.`, `Give one of: ${list}.`, EXIT.usage);
}

/**
 * Why a command may not be run by hand; undefined: it may. Migrations of a target never run twice at once, and an older
 * image never migrates (I8): only a deployment runs the release's own command, with the lock held.
 */
export function refusal(command: readonly string[], release: ReleaseJson): string | undefined {
  if (begins(command, release.migrate))
    return `"${command.join(' ')}" is the release's own command to migrate, which a deployment alone may run.`;
  return undefined;
}

/** What the application says of a command that asks; undefined when it asks nothing. */
export function questions(
  command: readonly string[],
  release: ReleaseJson,
): NonNullable<ReleaseJson['asks']>[number] | undefined {
  return release.asks?.find((asking) => begins(command, asking.command));
}

function begins(command: readonly string[], beginning: readonly string[] | null | undefined): boolean {
  return beginning !== null && beginning !== undefined && beginning.every((word, i) => command[i] === word);
}

/** `NAME=value` options as variables. @throws {Problem} for one without a name */
export function variables(options: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    options.map((option): [string, string] => {
      const at = option.indexOf('=');
      if (at < 1) throw new Problem(`--env ${option} has no value.`, 'Write --env NAME=value.', EXIT.usage);
      return [variableName(option.slice(0, at)), option.slice(at + 1)];
    }),
  );
}

/** @throws {Problem} for what is no name of an environment variable */
export function variableName(name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return name;
  throw new Problem(
    `"${name}" is no name of an environment variable.`,
    'Letters, digits and underscores, as in DJANGO_SUPERUSER_PASSWORD.',
    EXIT.usage,
  );
}
