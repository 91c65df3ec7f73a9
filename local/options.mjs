// What `npm start` can be told. Read before anything is installed, so that --help and a misspelt flag answer at once.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { FixableError } from '../packages/local-aws/src/fixable-error.mjs';
import { ROOT } from './setup.mjs';

/**
 * @typedef {object} Options
 * @property {string} app folder of the application
 * @property {boolean} exit stop after the summary
 * @property {number | null} port of the application's load balancer; null: the one of its template if free, else any free one
 * @property {number} rate requests per second of the load
 * @property {'process' | 'docker'} runtime what tasks are
 * @property {'exact' | 'like-aws'} fidelity how much of AWS's lateness the local cloud has
 */

const FLAGS = /** @type {const} */ ({
  app: {
    type: 'string',
    value: 'DIR',
    help: "deploy the application in DIR (a folder with a release.json) instead of this project's own",
  },
  exit: {
    type: 'boolean',
    help: 'stop after the summary; exit code 0 only if every release ended as it should and no request was lost',
  },
  port: { type: 'string', value: 'N', help: 'port of the application' },
  rate: { type: 'string', value: 'N', help: 'requests per second while releases are deployed (default 200)' },
  runtime: {
    type: 'string',
    value: 'WHAT',
    help: "process (default), or docker: tasks are containers of the image that the application's Dockerfile makes",
  },
  fidelity: {
    type: 'string',
    value: 'HOW',
    help: 'exact (default), or like-aws: answers, weights and metrics as late as those of AWS',
  },
  help: { type: 'boolean', help: 'print this and stop' },
});

export const HELP = `npm start [-- FLAGS]

Brings up the local cloud, deploys the application's releases under load, prints a summary and stays up until Ctrl-C.

${Object.entries(FLAGS)
  .map(([name, flag]) => `  ${`--${name}${'value' in flag ? ` ${flag.value}` : ''}`.padEnd(14)} ${flag.help}`)
  .join('\n')}
`;

/** The project's own application, which its package.json names: nothing here knows more of it than of any other. */
function ownApplication() {
  return join(ROOT, JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).farol.application);
}

/**
 * How many letters one word is from another (Levenshtein).
 * @param {string} a
 * @param {string} b
 * @returns {number}
 */
function distance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(
        (row[j] ?? 0) + 1,
        (next[j - 1] ?? 0) + 1,
        (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
      );
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** @param {string} name */
function nearestFlag(name) {
  const names = Object.keys(FLAGS);
  return names.toSorted((a, b) => distance(name, a) - distance(name, b))[0] ?? 'help';
}

/**
 * @param {string | boolean | undefined} value
 * @param {string} flag
 * @param {number} most
 */
function wholeNumber(value, flag, most) {
  if (value === undefined) return null;
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1 || number > most)
    throw new FixableError(`--${flag} takes a whole number from 1 to ${most}, not "${value}".`);
  return number;
}

/**
 * @param {string[]} args
 * @returns {Options & { help: boolean }}
 * @throws {FixableError} for what it does not know
 */
export function parseOptions(args) {
  const options = Object.fromEntries(Object.entries(FLAGS).map(([name, { type }]) => [name, { type }]));
  const { values, positionals, tokens } = parseArgs({
    args,
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const flag = Object.entries(FLAGS).find(([name]) => name === token.name)?.[1];
    if (!flag)
      throw new FixableError(
        `Unknown flag ${token.rawName}: did you mean --${nearestFlag(token.name)}? (--help lists all)`,
      );
    const takesValue = flag.type === 'string';
    if (takesValue && !token.value) throw new FixableError(`${token.rawName} needs a value (--help lists all).`);
    if (!takesValue && token.value !== undefined) throw new FixableError(`${token.rawName} takes no value.`);
  }
  if (positionals.length > 0)
    throw new FixableError(
      `"${positionals[0]}" is not a flag (--help lists all; flags stand behind --, as in npm start -- --exit).`,
    );
  const app =
    typeof values['app'] === 'string' ? resolve(process.env['INIT_CWD'] ?? '.', values['app']) : ownApplication();
  if (!(existsSync(app) && statSync(app).isDirectory())) throw new FixableError(`--app: there is no folder ${app}.`);
  const runtime = values['runtime'] ?? 'process';
  if (runtime !== 'process' && runtime !== 'docker')
    throw new FixableError(`--runtime takes process or docker, not "${runtime}".`);
  const fidelity = values['fidelity'] ?? 'exact';
  if (fidelity !== 'exact' && fidelity !== 'like-aws')
    throw new FixableError(`--fidelity takes exact or like-aws, not "${fidelity}".`);
  return {
    app,
    runtime,
    fidelity,
    exit: values['exit'] === true,
    help: values['help'] === true,
    port: wholeNumber(values['port'], 'port', 65_535),
    rate: wholeNumber(values['rate'], 'rate', 5000) ?? 200,
  };
}
