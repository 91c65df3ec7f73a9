import * as z from 'zod';
import type { Caller } from '#core/contract/caller.ts';
import type { DeploymentRequest } from '#core/contract/ledger.ts';
import type { Digest, Version } from '#core/contract/release.ts';
import { type Settings, targetOf } from '#core/contract/settings.ts';
import { deploymentName } from '#core/domain/deployment-name.ts';
import type { KnownRole } from '#core/domain/person.ts';
import type { Executions } from '#core/ports.ts';
import { answerApproval } from '../../functions/answer-approval/answer-approval.ts';
import { releaseDefinition } from '../../statemachines/definition.ts';
import { FakeClock } from '../fakes/clock.ts';
import { FakeLedger } from '../fakes/ledger.ts';
import { FakeWorld } from '../fakes/world.ts';
import { user } from '../fixtures/people.ts';
import { SETTINGS } from '../fixtures/settings.ts';
import { invokeFunction } from './functions.ts';
import { Aborted, type Ending, execute, Machine } from './interpreter.ts';

/** What the state machine gives a function that is to ask people. */
const Asked = z.object({ taskToken: z.string() });

const MACHINE = Machine.parse(JSON.parse(releaseDefinition()));

/** The release state machine with the real functions over fake ports: deployments run from push to end in milliseconds. */
export class Workflow {
  readonly clock = new FakeClock();
  readonly ledger = new FakeLedger(this.clock);
  readonly world: FakeWorld;
  readonly settings: Settings;
  /** Subjects of what people were told, and the texts. */
  readonly notices: string[] = [];
  readonly messages: string[] = [];
  readonly endings = new Map<string, Ending>();
  /** What IAM says of a role that a caller took. */
  roles = async (_name: string): Promise<KnownRole | undefined> => undefined;
  /** Called before each invocation; throwing is the function failing. */
  beforeInvoke: (functionName: string, payload: unknown) => void = () => {};
  readonly executions: Executions = {
    start: async (request) => {
      if (this.endings.has(request.deployment) || this.#open.has(request.deployment)) return 'exists';
      this.#open.set(request.deployment, request);
      return 'started';
    },
    status: async (arn) => {
      const name = arn.slice('execution:'.length);
      if (this.#open.has(name)) return { running: true, status: 'RUNNING' };
      const ending = this.endings.get(name);
      return ending === undefined ? undefined : { running: false, status: ending.status, stopped: this.clock.now() };
    },
    arn: (deployment) => `execution:${deployment}`,
    wake: async (taskToken) => {
      if (!this.#waiting.has(taskToken)) return false;
      this.#woken.add(taskToken);
      return true;
    },
  };
  /** Called while an execution waits for an answer; whatever it does, the time-out comes when nobody woke it. */
  whileWaiting: () => Promise<void> = async () => {};
  readonly #waiting = new Set<string>();
  readonly #woken = new Set<string>();
  readonly #open = new Map<string, DeploymentRequest>();

  constructor(settings: Partial<Settings> = {}) {
    this.settings = { ...SETTINGS, ...settings };
    this.world = new FakeWorld(this.clock, this.settings);
  }

  request({ version, digest }: { version: Version; digest: Digest }): DeploymentRequest {
    const target = targetOf(this.settings);
    const deployment = deploymentName(target, version, digest, 1);
    return { kind: 'release', target, deployment, version, digest, attempt: 1, cause: `push of web:${version}` };
  }

  /** Runs one deployment to its end. */
  async deploy(release: { version: Version; digest: Digest }): Promise<Ending> {
    return this.run(this.request(release));
  }

  async run(request: DeploymentRequest): Promise<Ending> {
    this.#open.set(request.deployment, request);
    const ending = await execute(
      MACHINE,
      request,
      { id: this.executions.arn(request.deployment), name: request.deployment },
      {
        invoke: (name, payload) => this.invoke(name, payload),
        wait: (s) => this.clock.sleep(s * 1000),
        woken: (taskToken, s) => this.#wait(taskToken, s),
        now: () => this.clock.now(),
      },
    );
    this.end(request.deployment, ending);
    return ending;
  }

  /** Runs an execution that a hook may abort: it ends where it stands, in the eyes of everybody who asks for its status. */
  async runOrAbort(request: DeploymentRequest): Promise<void> {
    try {
      await this.run(request);
    } catch (error) {
      if (!(error instanceof Aborted)) throw error;
      const ended = { status: 'FAILED', last: 'aborted', error: 'Aborted', cause: 'stopped', visited: [] } as const;
      this.end(request.deployment, ended);
    }
  }

  /** Executions that were started and not yet run. */
  started(): DeploymentRequest[] {
    return [...this.#open.values()];
  }

  end(deployment: string, ending: Ending): void {
    this.#open.delete(deployment);
    this.endings.set(deployment, ending);
  }

  async #wait(taskToken: string, seconds: number): Promise<boolean> {
    const until = Date.parse(this.clock.now()) + seconds * 1000;
    await this.whileWaiting();
    this.#waiting.delete(taskToken);
    if (this.#woken.has(taskToken)) return true;
    await this.clock.sleep(Math.max(0, until - Date.parse(this.clock.now())));
    return false;
  }

  /** A person's answer to whatever waits. */
  answer(
    decision: 'approve' | 'reject',
    { by = user('ana'), ...more }: { deployment?: string; by?: Caller; reason?: string } = {},
  ) {
    const deployment = [...this.ledger.approvals.keys()].at(-1);
    return answerApproval({ input: { deployment, decision, ...more }, caller: by }, this.ports());
  }

  /** Everything that the functions are given. */
  ports() {
    const { clock, ledger, world, executions, notices } = this;
    return {
      clock,
      ledger,
      approvals: ledger,
      executions,
      notifier: {
        publish: async (subject: string, text: string) => {
          notices.push(subject);
          this.messages.push(text);
        },
      },
      roles: { role: (name: string) => this.roles(name) },
      settings: world,
      slots: world,
      database: world,
      tasks: world,
      releases: world,
      builds: world,
      prober: () => world,
      metrics: world,
    };
  }

  async invoke(substitution: string, payload: unknown): Promise<unknown> {
    this.beforeInvoke(substitution, payload);
    const { data: asked } = Asked.safeParse(payload);
    if (asked !== undefined) this.#waiting.add(asked.taskToken);
    return invokeFunction(substitution, payload, this.ports());
  }
}
