import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import production, { starter } from '../../infra/environments/environments.ts';
import { FUNCTIONS, functionName } from '../../infra/names.ts';
import { documentationOf, runbookLink } from '../../infra/runbooks.ts';
import { alarmsOf } from './alarms.ts';
import { synthesized } from './synthesized.ts';

const root = resolve(import.meta.dirname, '../..');
const folder = resolve(root, 'docs/runbooks');
const files = readdirSync(folder).filter((name) => name.endsWith('.md'));
const text = (file: string) => readFileSync(resolve(folder, file), 'utf8');
const alarms = alarmsOf([starter, production].flatMap((environments) => Object.values(synthesized(environments))));

/** Files whose every section is an alarm's. */
const OF_ALARMS = ['target.md', 'database.md', 'orchestrator.md'];

/** The anchor that GitHub gives a heading: lower case, without punctuation, hyphens for spaces. */
function slug(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
    .replaceAll(' ', '-');
}

function headings(file: string): string[] {
  return [...text(file).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => slug(heading));
}

const linked = alarms.map(({ AlarmName, AlarmDescription }) => {
  const [, file = '', anchor = ''] = /\S*docs\/runbooks\/([\w-]+\.md)#(\S+)$/.exec(AlarmDescription) ?? [];
  return { AlarmName, AlarmDescription, file, anchor };
});

describe('each alarm', () => {
  test.each(linked)('$AlarmName ends with a link to a section that there is', ({ AlarmDescription, file, anchor }) => {
    expect(AlarmDescription).toMatch(/ https:\/\/github\.com\/[^/]+\/[^/]+\/blob\/main\/docs\/runbooks\/\S+$/);
    expect(files).toContain(file);
    expect(headings(file)).toContain(anchor);
  });
});

describe('each runbook', () => {
  const sections = OF_ALARMS.flatMap((file) =>
    [...text(file).matchAll(/^## (.+)\n([^]*?)(?=^## |(?![^]))/gm)].map(([, heading = '', body = '']) => ({
      section: `${file}#${slug(heading)}`,
      body,
    })),
  );

  test.each(sections)('$section is an alarm’s, and says what one needs at night', ({ section, body }) => {
    expect(linked.map(({ file, anchor }) => `${file}#${anchor}`)).toContain(section);
    for (const part of ['Means', 'Users see', 'Look here first', 'Do', 'Stop worrying when'])
      expect(body, part).toContain(`- **${part}**`);
  });

  test.each(files)('%s links to what there is', (file) => {
    for (const [, to = file, anchor] of text(file).matchAll(/\]\(([\w-]*\.md)?(?:#([\w-]+))?\)/g)) {
      expect(files).toContain(to);
      expect([undefined, ...headings(to)], `${to}#${anchor}`).toContain(anchor);
    }
    expect(readFileSync(resolve(folder, 'README.md'), 'utf8')).toContain(
      file === 'README.md' ? '# Runbooks' : `(${file})`,
    );
  });

  test.each(files)('%s names commands and functions that there are', (file) => {
    const program = readFileSync(resolve(root, 'cli/program.ts'), 'utf8');
    for (const [, command = ''] of text(file).matchAll(/npm run farol -- ([\w-]+)/g))
      expect(program).toContain(`'${command}'`);
    const names = FUNCTIONS.map(functionName);
    for (const [, name] of text(file).matchAll(/\/aws\/lambda\/(farol-[a-z-]+[a-z])/g)) expect(names).toContain(name);
  });
});

describe('where runbooks are read', () => {
  const orchestrator = { ...production.orchestrator };
  const [pipeline] = production.pipelines;
  const from = (connection: string) =>
    documentationOf({
      orchestrator,
      pipelines: pipeline ? [{ ...pipeline, source: { connection, repository: 'group/farol', branch: 'main' } }] : [],
    });

  test.each([
    ['GitHub', 'https://github.com/group/farol/blob/main'],
    ['GitLab', 'https://gitlab.com/group/farol/-/blob/main'],
    ['Bitbucket', 'https://bitbucket.org/group/farol/src/main'],
    ['arn:aws:codeconnections:us-east-1:111122223333:connection/1', undefined],
  ])('%s', (connection, address) => {
    expect(from(connection)).toBe(address);
  });

  test('is a setting before that, and a path where nobody knows', () => {
    const documentation = 'https://git.example.com/farol/';
    expect(documentationOf({ orchestrator: { ...orchestrator, documentation }, pipelines: [] })).toBe(
      'https://git.example.com/farol',
    );
    expect(runbookLink(undefined, 'target.md#slow-answers')).toBe('docs/runbooks/target.md#slow-answers');
  });
});
