import { join, relative } from 'node:path';
import { execa } from 'execa';
import * as z from 'zod';
import type { Finding, Verdict } from './finding.ts';
import type { Assembly, Template } from './templates.ts';

const TIMEOUT_MS = 300_000;

/** Where the checkers' commands lie, and the folder that all templates lie below. */
export interface Place {
  readonly bin: string;
  readonly folder: string;
}

/** Templates by their files' paths below a folder, as reports name them. */
function byFile(assemblies: readonly Assembly[], folder: string): (file: string) => Template {
  const templates = assemblies.flatMap((assembly) => assembly.templates);
  const files = new Map(templates.map((template) => [relative(folder, template.file), template]));
  return (file) => {
    const template = files.get(file);
    if (template === undefined) throw new TypeError(`a checker speaks of ${file}, which it was not given`);
    return template;
  };
}

/** What is judged, as {@link Verdict} wants it. */
export function namesOf(assemblies: readonly Assembly[]): string[] {
  return assemblies.flatMap(({ templates }) => templates.map(({ name }) => name));
}

const CfnLintReport = z.array(
  z.object({
    Filename: z.string(),
    Rule: z.object({ Id: z.string() }),
    Message: z.string(),
    Location: z.object({ Path: z.array(z.union([z.string(), z.int()])).nullish() }),
  }),
);

/** cfn-lint: the templates against CloudFormation's schemas. Errors and warnings; what it calls information is taste. */
export async function cfnLint(assemblies: readonly Assembly[], { bin, folder }: Place): Promise<Verdict> {
  const template = byFile(assemblies, folder);
  const findings: Finding[] = [];
  for (const region of new Set(assemblies.map((assembly) => assembly.region))) {
    const files = assemblies
      .filter((assembly) => assembly.region === region)
      .flatMap(({ templates }) => templates.map(({ file }) => relative(folder, file)));
    const { stdout, stderr, exitCode } = await execa(
      join(bin, 'cfn-lint'),
      ['--format', 'json', '--regions', region, '--template', ...files],
      { cwd: folder, timeout: TIMEOUT_MS, reject: false },
    );
    // Even numbers tell how bad its findings are (cfn-lint, "Exit codes"); anything else is a failure of its own.
    if (exitCode === undefined || exitCode % 2 === 1) throw new Error(`cfn-lint failed: ${stderr}${stdout}`);
    for (const { Filename, Rule, Message, Location } of CfnLintReport.parse(JSON.parse(stdout))) {
      const [section, logicalId] = Location.Path ?? [];
      findings.push({
        rule: Rule.Id,
        resource: template(Filename).place(section === 'Resources' ? logicalId : undefined),
        detail: Message,
        message: Message,
      });
    }
  }
  return { findings, judged: namesOf(assemblies) };
}

const CheckovReport = z.object({
  results: z.object({
    failed_checks: z.array(
      z.object({ check_id: z.string(), check_name: z.string(), file_path: z.string(), resource: z.string() }),
    ),
  }),
  summary: z.object({ parsing_errors: z.int() }),
});

/** checkov's rules for CloudFormation. */
export async function checkov(assemblies: readonly Assembly[], { bin, folder }: Place): Promise<Verdict> {
  const template = byFile(assemblies, folder);
  const files = assemblies.flatMap(({ templates }) => templates.map(({ file }) => relative(folder, file)));
  const { stdout } = await execa(
    join(bin, 'checkov'),
    [
      '--framework',
      'cloudformation',
      '--output',
      'json',
      '--quiet',
      '--compact',
      '--soft-fail',
      '--skip-download',
      ...files.flatMap((file) => ['--file', file]),
    ],
    { cwd: folder, timeout: TIMEOUT_MS },
  );
  const { results, summary } = CheckovReport.parse(JSON.parse(stdout));
  if (summary.parsing_errors > 0)
    throw new Error(`checkov cannot read ${summary.parsing_errors} of ${files.join(', ')}`);
  return {
    findings: results.failed_checks.map(({ check_id, check_name, file_path, resource }) => ({
      rule: check_id,
      resource: template(file_path.replace(/^\//, '')).place(resource.split('.').at(-1)),
      detail: '',
      message: check_name,
    })),
    judged: namesOf(assemblies),
  };
}

/** Metadata by which a template would silence a checker unseen, as findings: acknowledgements stand in one place. */
export function silencers(assemblies: readonly Assembly[]): Verdict {
  const findings = assemblies.flatMap(({ templates }) =>
    templates.flatMap((template) =>
      Object.entries(template.resources).flatMap(([logicalId, { Metadata }]) =>
        ['cfn-lint', 'checkov', 'cdk_nag', 'guard']
          .filter((name) => name in Metadata)
          .map((name) => ({
            rule: 'no metadata that silences a checker',
            resource: template.place(logicalId),
            detail: name,
            message: `the resource's metadata speaks to ${name}; write the reason into test/infra-checks/acknowledged/ instead`,
          })),
      ),
    ),
  );
  return { findings, judged: namesOf(assemblies) };
}
