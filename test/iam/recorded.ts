import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CallRecord } from '@farol/local-aws/gateway/record.ts';
import { evaluate } from './evaluate.ts';
import type { Statement } from './policy.ts';
import { taskRoles } from './requests/ecs.ts';
import { requestsOf } from './requests/requests.ts';
import { type FunctionRole, functionRoles, type TakenRole, targetRoles } from './roles.ts';
import { type Destination, type ReadTemplate, readTemplate } from './template.ts';

/** Roles by the names of their functions, and those that they take by their own names. */
export interface FunctionRoles {
  readonly functions: ReadonlyMap<string, FunctionRole>;
  readonly taken: ReadonlyMap<string, TakenRole>;
}

/** Programs that call as Farol does and are no function of it: what builds (CodeBuild on AWS), what shows, what a person types. */
const NO_FUNCTIONS = ['farol-build', 'farol-terminal', 'farol-cli'];

/** The roles of every function in a folder of synthesized templates. */
export function synthesizedRoles(directory: string, destination: Destination): FunctionRoles {
  const files = readdirSync(directory).filter((file) => file.endsWith('.template.json'));
  const templates = files.map((file) => {
    const json: unknown = JSON.parse(readFileSync(join(directory, file), 'utf8'));
    return readTemplate(json, destination);
  });
  return rolesIn(templates);
}

/** The roles of every function of some templates, and those of targets. */
export function rolesIn(templates: readonly ReadTemplate[]): FunctionRoles {
  return {
    functions: new Map(templates.flatMap((template) => [...functionRoles(template)])),
    taken: new Map(templates.flatMap((template) => [...targetRoles(template)])),
  };
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
    const own = roles.functions.get(call.caller);
    if (own === undefined) {
      denied.add(`${call.caller} is no function of the synthesized stacks`);
      continue;
    }
    const role = call.session === undefined ? own : roles.taken.get(roleName(call.session));
    if (role === undefined) {
      denied.add(`${call.caller} uses ${call.session}, and no stack makes that role`);
      continue;
    }
    const asked = call.service === 'sts' ? String(call.params['RoleArn']) : undefined;
    for (const taken of [asked?.split('/').at(-1), call.session && roleName(call.session)])
      if (taken !== undefined && !roles.taken.get(taken)?.takers.includes(own.roleArn))
        denied.add(`${call.caller} uses the role ${taken}, which does not trust it`);
    for (const { action, resource, context } of requestsOf(call, world)) {
      const { allowed, by } = evaluate(role.statements, {
        action,
        resource,
        // Lambda Developer Guide, "Using source function ARN": in the context of every call that a function's code makes with
        // the function's own role.
        context: { ...context, ...('functionArn' in role && { 'lambda:SourceFunctionArn': role.functionArn }) },
      });
      if (allowed) for (const statement of by) used.set(statement, (used.get(statement) ?? new Set()).add(action));
      else denied.add(sentence(call, action, resource, by));
    }
  }
  const all = [...roles.functions, ...roles.taken];
  return { denied: [...denied], unused: all.flatMap(([name, role]) => unusedOf(name, role, used)) };
}

/** `arn:aws:sts::<account>:assumed-role/<role>/<session>`: the role. */
function roleName(session: string): string {
  return session.split('/')[1] ?? '';
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
  { statements }: Pick<FunctionRole, 'statements'>,
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
