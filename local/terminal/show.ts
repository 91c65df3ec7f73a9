import { SFNClient } from '@aws-sdk/client-sfn';
import { clientOptions } from '@farol/local-aws/aws-side.ts';
import { until } from '@farol/local-aws/deadline.ts';
import type { CallRecord } from '@farol/local-aws/gateway/record.ts';
import colors from 'picocolors';
import { milliseconds } from '#core/contract/duration.ts';
import { targetOf } from '#core/contract/settings.ts';
import { deploymentName } from '#core/domain/deployment-name.ts';
import { type Load, startLoad } from '../load/load.ts';
import { total } from '../load/tally.ts';
import type { Cloud } from '../parts/cloud.ts';
import type { ReleaseToPush } from '../source/releases.ts';
import { Deployments, type Sighting } from './deployments.ts';
import type { Execution } from './execution.ts';
import { outcomeOf } from './expectation.ts';
import { figuresOf, type TaskRun } from './figures.ts';
import type { Screen } from './screen.ts';
import { type Deployed, isGood, summary } from './summary.ts';
import { Traffic } from './traffic.ts';

/** Seconds of load after the last release. */
const AFTERWARDS = 2;

/** Deploys releases under load and tells a person what happens. */
export class Show {
  readonly #cloud: Cloud;
  readonly #screen: Screen;
  readonly #rate: number;
  readonly #traffic: Traffic;
  readonly #deployments: Deployments;
  readonly #watching: Promise<void>;
  readonly #taskRuns: TaskRun[] = [];
  /** Calls that say when weights were written and read. */
  readonly #calls: CallRecord[] = [];
  #load: Load | undefined;

  constructor(cloud: Cloud, screen: Screen, rate: number) {
    this.#cloud = cloud;
    this.#screen = screen;
    this.#rate = rate;
    this.#traffic = new Traffic(cloud.dataPlane, cloud.settings);
    const started = new Map<string, Date>();
    cloud.dataPlane.on((event) => {
      if (event.type !== 'task' || !event.group.startsWith('family:')) return;
      const begin = started.get(event.task) ?? new Date();
      started.set(event.task, begin);
      if (event.status === 'STOPPED') this.#taskRuns.push({ started: begin, stopped: new Date() });
    });
    cloud.gateway.onCall((call) => {
      if (call.service === 'elbv2' && /^(Modify|Describe)Rules?$/.test(call.operation)) this.#calls.push(call);
    });
    const sfn = new SFNClient(clientOptions(cloud.gateway.url, 'farol-terminal'));
    this.#deployments = new Deployments(sfn, cloud.stateMachine, (sighting) => this.#see(sighting));
    this.#watching = this.#deployments.watch();
    this.#watching.catch(() => undefined);
  }

  /** Deploys the releases one after the other, the load beginning after the first. @returns whether all went as it should */
  async deploy(releases: readonly ReleaseToPush[]): Promise<boolean> {
    const deployed: Deployed[] = [];
    for (const release of releases) {
      this.#screen.say(`${colors.bold(release.tag)} ${release.title} ${colors.dim(`(expected: ${release.outcome})`)}`);
      const execution = await this.#deployOne(release);
      deployed.push({ release, execution, figures: this.#figures(execution) });
      if (this.#load) continue;
      if (outcomeOf(execution) !== 'live') break;
      const { applicationUrl: url, paths } = this.#cloud;
      this.#load = await startLoad({ url, rate: this.#rate, paths });
      this.#screen.say(`load begun: ${this.#rate} requests a second on ${url}`);
    }
    await this.#afterwards();
    const tally = (await this.#load?.stop()) ?? { sent: 0, statuses: {}, lost: {}, pages: 0, broken: {} };
    this.#load = undefined;
    const port = Number(new URL(this.#cloud.applicationUrl).port);
    const versions = this.#cloud.dataPlane.counters().ports[port] ?? {};
    const run = { deployed, tally, rate: this.#rate, versions };
    this.#screen.endStatus();
    for (const line of summary(run)) this.#screen.print(line);
    return isGood(run) && deployed.length === releases.length;
  }

  /** Goes on loading for a while, so that what the last release left behind shows. */
  async #afterwards(): Promise<void> {
    const load = this.#load;
    if (!load) return;
    const enough = load.tally.sent + AFTERWARDS * this.#rate;
    await until(30_000, 'the load after the last release', () => (load.tally.sent >= enough ? true : undefined));
  }

  /** Where everything is, and what to do next. */
  tellAddresses(): void {
    const { applicationUrl, previews, gateway, remote, record } = this.#cloud;
    const lines = [
      colors.bold('Running until Ctrl-C'),
      `  application   ${colors.cyan(applicationUrl)}`,
      `  previews      blue ${previews.blue}, green ${previews.green}`,
      `  AWS           AWS_ENDPOINT_URL=${gateway.url} (region us-east-1, keys test and test); every call is in ${record}`,
      `  git           ${remote}`,
      '  next release  git tag v1.3.0 && git push <the line above> v1.3.0',
    ];
    for (const line of lines) this.#screen.print(line);
  }

  async stop(): Promise<void> {
    this.#deployments.stop();
    await this.#load?.stop();
  }

  async #deployOne(release: ReleaseToPush): Promise<Execution> {
    const digest = await this.#cloud.push(release);
    const name = deploymentName(targetOf(this.#cloud.settings), release.tag, digest, 1);
    // What the watch stumbles over would otherwise only be seen as a time-out.
    return Promise.race([
      this.#deployments.ended(name),
      this.#watching.then(() => Promise.reject(new Error('stopped'))),
    ]);
  }

  #figures(execution: Execution): Deployed['figures'] {
    const { started, ended = new Date() } = execution;
    const during = (at: Date): boolean => at >= started && at <= ended;
    const settle = milliseconds(this.#cloud.settings.drain.settle);
    return figuresOf(
      execution,
      this.#taskRuns.filter((run) => during(run.started)),
      settle,
      this.#calls.filter(({ at }) => during(new Date(at))),
    );
  }

  #see({ name: deployment, state, ended }: Sighting): void {
    const name = deployment.slice(deployment.indexOf('-v') + 1);
    if (ended) {
      this.#screen.endStatus();
      const good = ended.status === 'SUCCEEDED';
      this.#screen.say(
        `${name} ${good ? colors.green('succeeded') : colors.yellow(`ended: ${ended.cause ?? ended.status}`)}`,
      );
      return;
    }
    if (state === undefined) return;
    const traffic = this.#traffic.toString();
    this.#screen.status(`${name} ${state} ${traffic}`, `${name}  ${colors.bold(state)}  ${traffic}${this.#requests()}`);
  }

  #requests(): string {
    if (!this.#load) return '';
    const { sent, lost } = this.#load.tally;
    return `  ${sent.toLocaleString('en-US')} requests, ${total(lost)} lost`;
  }
}
