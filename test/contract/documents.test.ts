import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from '../../local/setup.mjs';
import { git } from '../../local/source/git.ts';

/** Texts of the project by path: what people read, and code. */
const texts = new Map<string, string>();
beforeAll(async () => {
  const files = await git(ROOT, ['ls-files', '--cached', '--others', '--exclude-standard']);
  for (const file of files.split('\n'))
    if (/\.(md|ts|mjs|py|ya?ml)$/.test(file) && existsSync(join(ROOT, file)))
      texts.set(file, readFileSync(join(ROOT, file), 'utf8'));
});

/** What a pattern's first group finds in each text, with the file that it stands in. */
function cited(pattern: RegExp, files: RegExp = /./): { file: string; found: string }[] {
  return [...texts]
    .filter(([file]) => files.test(file))
    .flatMap(([file, text]) => [...text.matchAll(pattern)].map(([, found = '']) => ({ file, found })));
}

describe('what documents and code refer to exists', () => {
  test('relative links, and the headings that they name', () => {
    const links = cited(/\]\((?!https?:|mailto:)([^)\s]+)\)/g, /\.md$/);
    expect(links.length).toBeGreaterThan(50);
    const dead = links.filter(({ file, found }) => {
      const [path = '', heading] = found.split('#');
      const to = path === '' ? file : normalize(join(dirname(file), decodeURIComponent(path)));
      if (!existsSync(join(ROOT, to))) return true;
      return heading !== undefined && !headings(to).includes(heading);
    });
    expect(dead).toEqual([]);
  });

  test('the numbers of decisions', () => {
    const made = [...texts.keys()].flatMap((file) => /^docs\/adr\/(\d{4})-/.exec(file)?.[1] ?? []);
    expect(new Set(made).size, 'each number once').toBe(made.length);
    const numbers = [...cited(/\bADRs? (\d{1,2})\b/g), ...cited(/\badr\/(\d{4})\b/g)];
    expect(numbers.length).toBeGreaterThan(20);
    expect(numbers.filter(({ found }) => !made.includes(found.padStart(4, '0')))).toEqual([]);
  });

  test('the numbers of invariants', () => {
    const known = headings('docs/invariants.md').map((heading) => heading.toUpperCase());
    const numbers = cited(/\b(I(?:1?\d|20))\b(?!\.)/g, /^(functions|infra|cli|docs|statemachines|test)\//);
    expect(numbers.length).toBeGreaterThan(50);
    expect(numbers.filter(({ found }) => !known.includes(found))).toEqual([]);
  });
});

test('each decision has its number, its status, its date and the same parts', () => {
  for (const [file, text] of texts) {
    const number = /^docs\/adr\/(\d{4})-/.exec(file)?.[1];
    if (number === undefined) continue;
    expect(text, file).toMatch(
      new RegExp(
        `^# ${Number(number)}\\. .+\\n\\nStatus: (accepted|superseded by ADR \\d+)\\. Date: \\d{4}-\\d\\d-\\d\\d\\.\\n`,
      ),
    );
    expect(text, file).toContain('\n## Context\n');
    expect(text, file).toContain('\n## Decision\n');
  }
});

test('prose is wrapped, so that a change of it can be read', () => {
  // docs/costs.md is written by `npm run costs`.
  const long = [...texts].flatMap(([file, text]) => {
    if (!file.endsWith('.md') || file === 'docs/costs.md') return [];
    const prose = text.replaceAll(/^```[\s\S]*?^```/gm, '');
    // Tables, code and the address of a link cannot be broken.
    return prose.split('\n').filter((line) => line.length > 120 && !/^(\||    |\s*- \[|.*\]\()/.test(line));
  });
  expect(long).toEqual([]);
});

/** The headings of a document, as links name them. */
function headings(file: string): string[] {
  const text = texts.get(file) ?? '';
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
}
