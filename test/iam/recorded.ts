import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CallRecord } from '../../local/aws/gateway/record.ts';
import { evaluate } from './evaluate.ts';
import type { Statement } from './policy.ts';
import { taskRoles } from './requests/ecs.ts';
import { requestsOf } from './requests/requests.ts';
import { type FunctionRole, functionRoles } from './roles.ts';
import { type Destination, readTemplate } from './template.ts';

/** Roles by the names of their functions. */
export type FunctionRoles = ReadonlyMap<string, FunctionRole>;

/** Programs that call as Farol does and are no function of it: what builds (CodeBuild on AWS), what shows, what a person types. */
const NO_FUNCTIONS = ['farol-build', 'farol-terminal', 'farol-cli'];

/** The roles of every function in a folder of synthesized templates. */
export function synthesizedRoles(directory: string, destination: Destination): FunctionRoles {
  const templates = readdirSync(directory).filter((file) => file.endsWith('.template.json'));
  return new Map(
    templates.flatMap((file) => {
      const json: unknown = JSON.parse(readFileSync(join(directory, file), 'utf8'));
      return [...functionRoles(readTemplate(json, destination))];
    }),
  );
}

/** What IAM would have said to recorded calls. */
export interface Judgement {
  /** Each thing that a function did and may not do, once. */
  readonly denied: readonly string[];
  /** Each right, `function: action on resources`, that none of its calls needed. */
  readonly unused: readonly string[];
}

/**
 * Judges every recorded call of Farol's functions by the policies of its role.
 * @throws {Error} for an operation, a caller or a condition that nothing here can judge
 */
export function judge(calls: readonly CallRecord[], roles: FunctionRoles, destination: Destination): Judgement {
  const world = { ...destination, taskRoles: taskRoles(calls) };
  const denied = new Set<string>();
  const used = new Map<Statement, Set<string>>();
  for (const call of calls) {
    if (!call.caller.startsWith('farol-') || NO_FUNCTIONS.includes(call.caller)) continue;
    const role = roles.get(call.caller);
    if (role === undefined) {
      denied.add(`${call.caller} is no function of the synthesized stacks`);
      continue;
    }
    for (const { action, resource, context } of requestsOf(call, world)) {
      const { allowed, by } = evaluate(role.statements, {
        action,
        resource,
        // Lambda Developer Guide, "Using source function ARN": in the context of every call that a function's code makes.
        context: { ...context, 'lambda:SourceFunctionArn': role.functionArn },
      });
      if (allowed) for (const statement of by) used.set(statement, (used.get(statement) ?? new Set()).add(action));
      else denied.add(sentence(call, action, resource, by));
    }
  }
  return { denied: [...denied], unused: [...roles].flatMap(([name, role]) => unusedOf(name, role, used)) };
}

function sentence(
  { caller, service, operation }: CallRecord,
  action: string,
  resource: string,
  by: readonly Statement[],
): string {
  const why = by.length > 0 ? 'a statement of its policy denies it' : 'no statement of its policy allows it';
  return `${caller} called ${service} ${operation}, which asks for ${action} on ${resource}: ${why}`;
}

function unusedOf(
  name: string,
  { statements }: FunctionRole,
  used: ReadonlyMap<Statement, ReadonlySet<string>>,
): string[] {
  return statements
    .filter(({ effect }) => effect === 'Allow')
    .flatMap((statement) =>
      statement.actions
        .filter((action) => !used.get(statement)?.has(action))
        .map((action) => `${name}: ${action} on ${statement.resources.join(', ')}`),
    );
}
