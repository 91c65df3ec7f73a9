import {
  ApprovalAlreadyCompletedException,
  type CodePipelineClient,
  InvalidApprovalTokenException,
  ListActionExecutionsCommand,
  ListPipelineExecutionsCommand,
  PipelineNotFoundException,
  PutApprovalResultCommand,
} from '@aws-sdk/client-codepipeline';
import { APPROVAL, BUILD_VARIABLES, type HopelessRun, pipelineName, WaitingRun } from '#core/contract/pipeline.ts';
import type { Pipelines } from '#core/ports.ts';

/** More characters a summary does not take (CodePipeline API reference, ApprovalResult). */
const SUMMARY_CHARACTERS = 512;

/** Applications' pipelines in CodePipeline. */
export class CodePipelines implements Pipelines {
  readonly #client: CodePipelineClient;

  constructor(client: CodePipelineClient) {
    this.#client = client;
  }

  async waiting(app: string): ReturnType<Pipelines['waiting']> {
    const runs: (WaitingRun | HopelessRun)[] = [];
    for (const run of await this.#running(pipelineName(app))) {
      const waiting = await this.#waiting(pipelineName(app), run);
      if (waiting !== undefined) runs.push(waiting);
    }
    return runs;
  }

  async answer(
    app: string,
    { token }: Parameters<Pipelines['answer']>[1],
    { approved, summary }: Parameters<Pipelines['answer']>[2],
  ): Promise<void> {
    try {
      await this.#client.send(
        new PutApprovalResultCommand({
          pipelineName: pipelineName(app),
          stageName: APPROVAL.stage,
          actionName: APPROVAL.action,
          token,
          result: {
            status: approved ? 'Approved' : 'Rejected',
            summary: summary.slice(0, SUMMARY_CHARACTERS),
          },
        }),
      );
    } catch (error) {
      const late = error instanceof ApprovalAlreadyCompletedException || error instanceof InvalidApprovalTokenException;
      if (!late) throw error;
    }
  }

  /** The executions that have not ended, of the last hundred; none where there is no such pipeline. */
  async #running(pipeline: string): Promise<string[]> {
    try {
      const { pipelineExecutionSummaries = [] } = await this.#client.send(
        new ListPipelineExecutionsCommand({ pipelineName: pipeline, maxResults: 100 }),
      );
      return pipelineExecutionSummaries.flatMap(({ status, pipelineExecutionId }) =>
        status === 'InProgress' && pipelineExecutionId !== undefined ? [pipelineExecutionId] : [],
      );
    } catch (error) {
      if (error instanceof PipelineNotFoundException) return [];
      throw error;
    }
  }

  async #waiting(pipeline: string, run: string): Promise<WaitingRun | HopelessRun | undefined> {
    const { actionExecutionDetails: actions = [] } = await this.#client.send(
      new ListActionExecutionsCommand({
        pipelineName: pipeline,
        filter: { pipelineExecutionId: run },
        maxResults: 100,
      }),
    );
    const approval = actions.find(
      ({ stageName, actionName, status }) =>
        stageName === APPROVAL.stage && actionName === APPROVAL.action && status === 'InProgress',
    );
    const valueOf = (name: string) =>
      actions.map(({ output }) => output?.outputVariables?.[name]).find((value) => value !== undefined);
    // A pipeline in parallel mode has no token in GetPipelineState: this id stands for it (API reference, PutApprovalResult).
    const token = approval?.output?.executionResult?.externalExecutionId;
    if (token === undefined) return undefined;
    const released = { version: valueOf(BUILD_VARIABLES.version), digest: valueOf(BUILD_VARIABLES.digest) };
    const found = WaitingRun.safeParse({ run, token, ...released });
    if (found.success) return found.data;
    const why = found.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
    return { run, token, problem: `This run released nothing that could be deployed. ${why}.` };
  }
}
