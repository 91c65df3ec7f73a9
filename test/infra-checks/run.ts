import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import * as environments from '../../infra/environments/environments.ts';
import { STATE } from '../../local/setup.mjs';
import { ACKNOWLEDGED } from './acknowledged/index.ts';
import { settle } from './acknowledgement.ts';
import { CHECKERS } from './checkers.ts';
import type { Finding } from './finding.ts';
import { spoiled, TEETH } from './teeth.ts';
import { assembleEach } from './templates.ts';

/**
 * Every checker over every template of every environments value. Counted is: each checker with each template or state
 * machine that it judges; each thing spoiled on purpose that a checker has to find; each acknowledgement, which something
 * must need. The last line is the sum.
 */

const [bin = ''] = process.argv.slice(2);
const folder = join(STATE, 'infra-checks');
const say = (text: string) => process.stdout.write(`${text}\n`);
const isSpoiled = (name: string) => name.startsWith('spoiled/');

mkdirSync(folder, { recursive: true });
const own = assembleEach(environments, folder);
say(own.map(({ environment, templates }) => `${environment}: ${templates.length} templates`).join(', '));
const assemblies = [...own, spoiled(join(folder, 'spoiled'))];
const verdicts = await Promise.all(
  CHECKERS.map(async ({ name, judges, check }) => ({ name, judges, ...(await check(assemblies, { bin, folder })) })),
);

const found = verdicts.flatMap(({ findings }) => findings).filter(({ resource }) => !isSpoiled(resource));
const { open, unneeded } = settle(found, ACKNOWLEDGED);
let passed = 0;
let failed = 0;
for (const { name, judges, judged, findings } of verdicts) {
  const things = judged.filter((thing) => !isSpoiled(thing));
  const mine = open.filter((finding) => findings.includes(finding));
  const bad = things.filter((thing) => mine.some(({ resource }) => `${resource}/`.startsWith(`${thing}/`)));
  const all = findings.filter(({ resource }) => !isSpoiled(resource)).length;
  const verdict = mine.length === 0 ? 'all acknowledged' : `${mine.length} not acknowledged`;
  say(`${name}: ${things.length} ${judges}, ${all === 0 ? 'nothing found' : `${all} findings, ${verdict}`}`);
  for (const finding of mine) say(line(finding));
  passed += things.length - bad.length;
  failed += bad.length;
}
if (open.length > 0) say('Mend them, or write each with its reason into test/infra-checks/acknowledged/.');

for (const { acknowledgement, on } of unneeded)
  say(`acknowledged, but not found: ${acknowledgement.rule} on ${on}; take it out of test/infra-checks/acknowledged/.`);
const places = ACKNOWLEDGED.reduce((sum, { on }) => sum + on.length, 0);
passed += places - unneeded.length;
failed += unneeded.length;

for (const { checker, rule, on } of TEETH) {
  const seen = verdicts
    .find(({ name }) => name === checker)
    ?.findings.some((finding) => finding.rule === rule && finding.resource === on);
  if (!seen)
    say(`${checker} does not find ${rule} in ${on}, which is spoiled on purpose: its findings cannot be trusted.`);
  if (seen) passed += 1;
  else failed += 1;
}

say(`${places} acknowledgements, ${TEETH.length} things spoiled on purpose`);
say(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

function line({ rule, resource, detail, message }: Finding): string {
  return `  ${resource}: ${rule}${detail === '' || detail === message ? '' : ` [${detail}]`}: ${message}`;
}
