// `npm run bench [-- RUNS]`: the figures that the README names, measured by what a user runs: `npm start -- --exit`, some times over.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { progress, ROOT, setUp } from '../../local/setup.mjs';

const runs = Number(process.argv[2] ?? 3);
if (!Number.isInteger(runs) || runs < 1) {
  process.stderr.write(`farol: the number of runs must be a whole number from 1 on, not ${process.argv[2]}\n`);
  process.exit(2);
}

/** @param {number[]} values */
function spread(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  return [sorted[0] ?? Number.NaN, middle, sorted.at(-1) ?? Number.NaN].map((value) => value.toFixed(2)).join(' / ');
}

/** @param {string} text @param {RegExp} pattern */
const numbers = (text, pattern) =>
  [...text.matchAll(pattern)].map(([, value]) => Number((value ?? '').replaceAll(',', '')));

const say = progress();
await setUp(say);
/** @type {Record<string, number[]>} */
const figures = { wall: [], control: [], rollback: [], sent: [], lost: [] };
let failed = 0;
for (let run = 1; run <= runs; run += 1) {
  say(`run ${run} of ${runs}`);
  const began = performance.now();
  const { stdout, status } = spawnSync(process.execPath, [join(ROOT, 'local', 'start.mjs'), '--exit'], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 64 * 1024 * 1024,
  });
  figures.wall?.push((performance.now() - began) / 1000);
  if (status !== 0) failed += 1;
  // The first deployment meets cold functions; the figure is for warm ones.
  figures.control?.push(...numbers(stdout, /control time ([\d.]+) s/g).slice(1));
  figures.rollback?.push(...numbers(stdout, /old weights back ([\d.]+) s/g));
  figures.sent?.push(...numbers(stdout, /sent ([\d,]+) at/g));
  figures.lost?.push(...numbers(stdout, /lost ([\d,]+)(?=[ ,].*answered with an error)/g));
}
const rows = [
  ['npm start -- --exit, everything installed', 'wall', 's', 'under 75'],
  ['control time of a deployment, warm', 'control', 's', 'under 5'],
  ['from the failed check to the old weights read back', 'rollback', 's', 'under 1'],
  ['requests sent', 'sent', '', 'at least 200 a second'],
  ['requests lost', 'lost', '', '0'],
];
process.stdout.write(`${runs} runs, ${failed} failed; least / middle / most\n`);
for (const [name = '', key = '', unit, wanted] of rows) {
  process.stdout.write(`  ${name.padEnd(52)} ${spread(figures[key] ?? []).padStart(28)} ${unit}  (${wanted})\n`);
}
process.exitCode = failed === 0 ? 0 : 1;
