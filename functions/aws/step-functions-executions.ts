import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  InvalidToken,
  SendTaskSuccessCommand,
  type SFNClient,
  StartExecutionCommand,
  TaskDoesNotExist,
  TaskTimedOut,
} from '@aws-sdk/client-sfn';
import type { DeploymentRequest } from '#core/contract/ledger.ts';
import type { Executions } from '#core/ports.ts';

/** What SendTaskSuccess answers when the task has ended, timed out, or was begun again (Step Functions API reference). */
const NOBODY_WAITS = [InvalidToken, TaskDoesNotExist, TaskTimedOut];

/** Executions of the release state machine. */
export class StepFunctionsExecutions implements Executions {
  readonly #client: SFNClient;
  readonly #stateMachineArn: string;

  constructor(client: SFNClient, stateMachineArn: string) {
    this.#client = client;
    this.#stateMachineArn = stateMachineArn;
  }

  /**
   * StartExecution of a standard workflow is idempotent for the same name and input while the execution is open, and
   * refuses the name for 90 days afterwards (Step Functions API reference).
   */
  async start(request: DeploymentRequest): Promise<'started' | 'exists'> {
    try {
      await this.#client.send(
        new StartExecutionCommand({
          stateMachineArn: this.#stateMachineArn,
          name: request.deployment,
          input: JSON.stringify(request),
        }),
      );
      return 'started';
    } catch (error) {
      if (error instanceof ExecutionAlreadyExists) return 'exists';
      throw error;
    }
  }

  async status(executionArn: string): ReturnType<Executions['status']> {
    try {
      const { status, stopDate } = await this.#client.send(new DescribeExecutionCommand({ executionArn }));
      return {
        running: status === 'RUNNING' || status === 'PENDING_REDRIVE',
        status: status ?? 'unknown',
        ...(stopDate === undefined ? {} : { stopped: stopDate.toISOString() }),
      };
    } catch (error) {
      if (error instanceof ExecutionDoesNotExist) return undefined;
      throw error;
    }
  }

  async wake(taskToken: string): Promise<boolean> {
    try {
      await this.#client.send(new SendTaskSuccessCommand({ taskToken, output: '{}' }));
      return true;
    } catch (error) {
      if (NOBODY_WAITS.some((known) => error instanceof known)) return false;
      throw error;
    }
  }

  arn(deployment: string): string {
    return `${this.#stateMachineArn.replace(':stateMachine:', ':execution:')}:${deployment}`;
  }
}
