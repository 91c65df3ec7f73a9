import type { CountsView } from '@farol/local-aws/load-balancer/counters.ts';
import colors from 'picocolors';
import { ofClass, type Tally, total } from '../load/tally.ts';
import type { ReleaseToPush } from '../source/releases.ts';
import type { Execution } from './execution.ts';
import { complaints, failedIn, outcomeOf } from './expectation.ts';
import { type Figures, timeInStates } from './figures.ts';

/** A release that was deployed, with what it took. */
export interface Deployed {
  readonly release: ReleaseToPush;
  readonly execution: Execution;
  readonly figures: Figures;
}

export interface Run {
  readonly deployed: readonly Deployed[];
  readonly tally: Tally;
  /** Requests per second that were asked for. */
  readonly rate: number;
  /** By version, what came in at the application's port. */
  readonly versions: Readonly<Record<string, CountsView>>;
}

const number = (value: number): string => value.toLocaleString('en-US');
const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;

/** Whether each release ended as it says and no request was lost, static files included. */
export function isGood({ deployed, tally }: Run): boolean {
  return (
    total(tally.lost) === 0 &&
    total(tally.broken) === 0 &&
    deployed.every(({ release, execution }) => complaints(release, execution).length === 0)
  );
}

/** The summary as lines. */
export function summary(run: Run): string[] {
  return [
    '',
    colors.bold('Releases'),
    ...releases(run),
    '',
    colors.bold('Time in each state, seconds'),
    ...states(run),
    '',
    colors.bold('Requests'),
    ...requests(run),
    '',
  ];
}

function releases({ deployed }: Run): string[] {
  return deployed.flatMap(({ release, execution, figures }) => {
    const wrong = complaints(release, execution);
    const outcome = outcomeOf(execution) ?? execution.status;
    const mark = wrong.length === 0 ? colors.green('as expected') : colors.red('NOT as expected');
    const rollback =
      figures.rollback === undefined
        ? ''
        : `, old weights back ${(figures.rollback / 1000).toFixed(2)} s after the failed check`;
    const state = failedIn(execution);
    return [
      `  ${release.tag.padEnd(8)} ${outcome.padEnd(22)} ${mark}  ${seconds(figures.total)}, control time ${seconds(figures.control)}${rollback}`,
      ...(state === undefined ? [] : [`           in "${state}": ${execution.cause ?? ''}`]),
      ...wrong.map((complaint) => `           ${colors.red(complaint)}`),
    ];
  });
}

function states({ deployed }: Run): string[] {
  const times = deployed.map(({ execution }) => timeInStates(execution));
  const names = [...new Set(times.flatMap((one) => [...one.keys()]))];
  const width = Math.max(0, ...names.map(({ length }) => length));
  return [
    `  ${''.padEnd(width)}${deployed.map(({ release }) => release.tag.padStart(9)).join('')}`,
    ...names.map(
      (name) => `  ${name.padEnd(width)}${times.map((one) => (one.get(name)?.toFixed(1) ?? '').padStart(9)).join('')}`,
    ),
  ];
}

function requests({ tally, rate, versions }: Run): string[] {
  const lost = total(tally.lost);
  const broken = total(tally.broken);
  const ownErrors = ofClass(tally, 5);
  const others = ofClass(tally, 4);
  return [
    `  sent ${number(tally.sent)} at ${rate} a second, ${lost === 0 ? colors.green('lost 0') : colors.red(`lost ${number(lost)}`)}${details(tally.lost)}, answered with an error ${number(ownErrors + others)}`,
    `  pages loaded whole ${number(tally.pages)}, static files missing ${broken}${details(tally.broken)}`,
    `  ${'version'.padEnd(10)}${['answered', 'errors', 'lost', 'p50 ms', 'p99 ms'].map((title) => title.padStart(10)).join('')}`,
    ...Object.entries(versions).map(([version, counts]) => {
      const answered = counts.target2xx + counts.target3xx + counts.target4xx + counts.target5xx;
      const cells = [answered, counts.target4xx + counts.target5xx, counts.elb502 + counts.elb503 + counts.elb504];
      return `  ${version.padEnd(10)}${cells.map((cell) => number(cell).padStart(10)).join('')}${[counts.p50, counts.p99].map((cell) => (cell?.toFixed(0) ?? '').padStart(10)).join('')}`;
    }),
  ];
}

function details(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([what, count]) => ` (${what}: ${count})`)
    .join('');
}
