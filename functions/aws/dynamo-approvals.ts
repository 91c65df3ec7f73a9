import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Approval, type Decision } from '#core/contract/approval.ts';
import type { Fact } from '#core/contract/ledger.ts';
import type { Deployable } from '#core/contract/release.ts';
import type { Context } from '#core/contract/states.ts';
import type { Approvals, Clock } from '#core/ports.ts';
import { DynamoChain } from './dynamo-chain.ts';
import { approvalFactKey, ofDeployment, requireWritten, tokenCheck } from './dynamo-ledger.ts';
import { ABSENT, DynamoTables, PRESENT, untilSettled } from './dynamo-table.ts';

/** A deployment asks once: before the first thing that cannot be undone. */
const holdKey = (deployment: string) => ({ ...ofDeployment('approvals', deployment), sk: 'HOLD#1' });

/** Questions to people in the ledger. The entries of the chain name them without their task tokens. */
export class DynamoApprovals implements Approvals {
  readonly #tables: DynamoTables;
  readonly #chain: DynamoChain;
  readonly #clock: Clock;

  constructor(client: DynamoDBDocumentClient, ledger: string, clock: Clock) {
    this.#tables = new DynamoTables(client, ledger);
    this.#chain = new DynamoChain(this.#tables, clock);
    this.#clock = clock;
  }

  async ask(context: Context, question: Pick<Approval, 'before' | 'plan' | 'until' | 'taskToken'>): Promise<Approval> {
    const { target, deployment } = context;
    const { before, plan, until, taskToken } = question;
    const approval: Approval = { context, ...question, asked: this.#clock.now() };
    const refused = await this.#chain.append(
      target,
      deployment,
      { type: 'approval asked', cause: `before ${before}`, facts: { before, plan, until } },
      [tokenCheck(context), { put: { ...holdKey(deployment), ...approval }, when: { pk: ABSENT } }],
    );
    if (refused.includes(0) || refused.length === 0) {
      requireWritten(context, refused);
      return approval;
    }
    const renewed = await untilSettled(this.#clock, `the question of ${deployment}`, async () => {
      const outcome = await this.#tables.write([
        tokenCheck(context),
        { update: holdKey(deployment), set: { taskToken }, when: { pk: PRESENT } },
      ]);
      if (outcome === 'conflict') return 'again';
      return outcome === 'written' ? [] : outcome.refused;
    });
    requireWritten(context, renewed);
    return this.#asked(deployment);
  }

  approval(deployment: string): Promise<Approval | undefined> {
    return this.#tables.get(holdKey(deployment), Approval);
  }

  async decide({ context, plan }: Approval, answer: Omit<Decision, 'at'>, deployable: Deployable): Promise<Decision> {
    const { target, deployment } = context;
    const at = this.#clock.now();
    const decision: Decision = { ...answer, at };
    const { outcome, by } = decision;
    const fact: Fact = { kind: 'approval', deployable, at, detail: { by, plan } };
    const refused = await this.#chain.append(
      target,
      deployment,
      { type: 'approval decided', cause: by, facts: { ...answer, plan } },
      [
        tokenCheck(context),
        { update: holdKey(deployment), set: { decision }, when: { pk: PRESENT, decision: ABSENT } },
        ...(outcome === 'approved' ? [{ put: { ...approvalFactKey(deployment), ...fact } }] : []),
      ],
    );
    if (refused.length === 0) return decision;
    const { decision: first } = await this.#asked(deployment);
    if (first !== undefined) return first;
    requireWritten(context, refused);
    return decision;
  }

  async #asked(deployment: string): Promise<Approval> {
    const approval = await this.approval(deployment);
    if (approval === undefined) throw new Error(`the ledger has no question of ${deployment}`);
    return approval;
  }
}
