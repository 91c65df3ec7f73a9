import { setTimeout as delay } from 'node:timers/promises';
import type { SFNClient } from '@aws-sdk/client-sfn';
import { until } from '@farol/local-aws/deadline.ts';
import { currentState, type Execution, listExecutions, readExecution } from './execution.ts';

/** Milliseconds between two looks, while something runs and while nothing does. */
const BUSY = 250;
const IDLE = 1000;
/** Milliseconds until a push must have become an execution, and an execution must have ended. */
const BEGIN = 30_000;
const END = 240_000;

/** What is told of an execution that runs or has just ended. */
export interface Sighting {
  readonly name: string;
  readonly state: string | undefined;
  /** Set once it has ended. */
  readonly ended: Execution | undefined;
}

/** Looks at the executions of the state machine until it is stopped. */
export class Deployments {
  readonly #sfn: SFNClient;
  readonly #stateMachine: string;
  readonly #tell: (sighting: Sighting) => void;
  readonly #ended = new Map<string, Execution>();
  readonly #names = new Set<string>();
  #stopped = false;

  /** @param tell of every execution at every look while it runs, and once when it has ended */
  constructor(sfn: SFNClient, stateMachine: string, tell: (sighting: Sighting) => void) {
    this.#sfn = sfn;
    this.#stateMachine = stateMachine;
    this.#tell = tell;
  }

  /** Runs until {@link stop}. */
  async watch(): Promise<void> {
    while (!this.#stopped) {
      const running = await this.#look().catch((error: unknown) => {
        // While everything is being stopped an answer may be missing.
        if (this.#stopped) return 0;
        throw error;
      });
      await delay(running > 0 ? BUSY : IDLE);
    }
  }

  stop(): void {
    this.#stopped = true;
  }

  /** The execution whose name begins so, once it has ended. @throws {FixableError} if it does not begin or end in time */
  async ended(prefix: string): Promise<Execution> {
    const name = await until(BEGIN, `the begin of deployment ${prefix}`, () =>
      [...this.#names].find((one) => one.startsWith(prefix)),
    );
    return until(END, `deployment ${name}`, () => this.#ended.get(name));
  }

  async #look(): Promise<number> {
    const listed = await listExecutions(this.#sfn, this.#stateMachine);
    const open = listed.filter(({ name }) => name !== undefined && !this.#ended.has(name)).toReversed();
    for (const { name = '', executionArn = '', status } of open) {
      this.#names.add(name);
      const over = status !== 'RUNNING';
      const execution = await readExecution(this.#sfn, executionArn, over);
      if (over) this.#ended.set(name, execution);
      this.#tell({ name, state: currentState(execution), ended: over ? execution : undefined });
    }
    return open.length;
  }
}
