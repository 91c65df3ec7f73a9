import { type Context, conditionsHold } from './conditions.ts';
import { arnMatches, matches } from './pattern.ts';
import type { Statement } from './policy.ts';

/** One question to IAM: may this be done to that? */
export interface Request {
  /** `ecs:RunTask`. */
  readonly action: string;
  /** An ARN; `*` where the action takes none. */
  readonly resource: string;
  readonly context: Context;
}

/** IAM's answer, and the statements that gave it: those that deny, else those that allow. */
export interface Decision {
  readonly allowed: boolean;
  readonly by: readonly Statement[];
}

/** Decides as IAM does on the identity policies of one role: no without an Allow, no in spite of it with a Deny. IAM User Guide, "Policy evaluation logic". */
export function evaluate(statements: readonly Statement[], request: Request): Decision {
  const applying = statements.filter((statement) => applies(statement, request));
  const denying = applying.filter(({ effect }) => effect === 'Deny');
  if (denying.length > 0) return { allowed: false, by: denying };
  return { allowed: applying.length > 0, by: applying };
}

function applies({ actions, resources, conditions }: Statement, { action, resource, context }: Request): boolean {
  return (
    actions.some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase())) &&
    resources.some((pattern) => arnMatches(pattern, resource)) &&
    conditionsHold(conditions, context)
  );
}
