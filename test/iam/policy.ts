import * as z from 'zod';
import { checkOperators } from './conditions.ts';

const Texts = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
const Value = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const Values = z.union([Value.transform((one) => [one]), z.array(Value)]);

/** What an identity policy may hold here: NotAction, NotResource and Principal are refused, since nothing evaluates them. */
const StatementJson = z
  .strictObject({
    Sid: z.string().optional(),
    Effect: z.enum(['Allow', 'Deny']),
    Action: Texts,
    Resource: Texts,
    Condition: z.record(z.string(), z.record(z.string(), Values)).default({}),
  })
  .transform(({ Effect, Action, Resource, Condition }) => ({
    effect: Effect,
    actions: Action,
    resources: Resource,
    conditions: Condition,
  }));

/** A statement of an identity policy; `conditions` by operator, then by key. */
export type Statement = z.infer<typeof StatementJson>;

const Document = z.strictObject({
  Version: z.literal('2012-10-17'),
  Statement: z.union([z.array(StatementJson), StatementJson.transform((one) => [one])]),
});

/**
 * The statements of a policy document whose intrinsic functions are carried out.
 * @throws {Error} at an element, a condition operator or a policy variable that is not evaluated here: none is ever passed over
 */
export function parsePolicy(document: unknown): Statement[] {
  const { Statement: statements } = Document.parse(document);
  for (const statement of statements) {
    checkOperators(statement.conditions);
    const texts = [
      ...statement.actions,
      ...statement.resources,
      ...Object.values(statement.conditions).flatMap(Object.values),
    ];
    if (texts.flat().some((text) => String(text).includes('${')))
      throw new TypeError(`policy variables are not evaluated here: ${JSON.stringify(statement)}`);
  }
  return statements;
}
