import jsonata from 'jsonata';
import * as z from 'zod';

/**
 * Runs an Amazon States Language definition in JSONata, as far as release.asl.yaml uses the language: Task (Lambda invoke, also
 * with a task token), Choice, Wait, Parallel, Pass, Succeed, Fail, Assign, Output, Retry by count, Catch. Written after the ASL specification
 * and "Transforming data with JSONata" of the Step Functions Developer Guide; a construct that it does not know is an error.
 */

const Assign = z.record(z.string(), z.unknown()).optional();
const Catcher = z.strictObject({
  ErrorEquals: z.array(z.string()),
  Assign,
  Output: z.unknown().optional(),
  Next: z.string(),
});
const common = {
  Comment: z.string().optional(),
  Assign,
  Output: z.unknown().optional(),
  Next: z.string().optional(),
  End: z.boolean().optional(),
};
const State = z.discriminatedUnion('Type', [
  z.strictObject({
    Type: z.literal('Task'),
    Resource: z.enum(['arn:aws:states:::lambda:invoke', 'arn:aws:states:::lambda:invoke.waitForTaskToken']),
    Arguments: z.strictObject({ FunctionName: z.string(), Payload: z.unknown() }),
    TimeoutSeconds: z.union([z.int(), z.string()]),
    Retry: z.array(z.looseObject({ ErrorEquals: z.array(z.string()), MaxAttempts: z.int() })),
    Catch: z.array(Catcher).optional(),
    ...common,
  }),
  z.strictObject({
    Type: z.literal('Choice'),
    Choices: z.array(z.strictObject({ Condition: z.string(), Next: z.string(), Assign })),
    Default: z.string(),
    ...common,
  }),
  z.strictObject({ Type: z.literal('Wait'), Seconds: z.union([z.int(), z.string()]), ...common }),
  z.strictObject({
    Type: z.literal('Parallel'),
    Branches: z.array(z.strictObject({ StartAt: z.string(), States: z.record(z.string(), z.unknown()) })),
    Catch: z.array(Catcher).optional(),
    ...common,
  }),
  z.strictObject({ Type: z.literal('Pass'), ...common }),
  z.strictObject({ Type: z.literal('Succeed'), ...common }),
  z.strictObject({ Type: z.literal('Fail'), Error: z.string(), Cause: z.string(), ...common }),
]);
export const Machine = z.object({ StartAt: z.string(), States: z.record(z.string(), State) });
export type Machine = z.infer<typeof Machine>;

/** How an execution ended. */
export type Ending =
  | {
      readonly status: 'SUCCEEDED';
      readonly last: string;
      readonly output: unknown;
      readonly visited: readonly string[];
    }
  | {
      readonly status: 'FAILED';
      readonly last: string;
      readonly error: string;
      readonly cause: string;
      readonly visited: readonly string[];
    };

export interface World {
  /** Called for each Lambda invocation with the substitution's name: `ConvergeFunction`. */
  readonly invoke: (functionName: string, payload: unknown) => Promise<unknown>;
  readonly wait: (seconds: number) => Promise<void>;
  /** Waits for the task token that an invocation was given; `false`: nobody woke it within the time. */
  readonly woken: (taskToken: string, seconds: number) => Promise<boolean>;
  readonly now: () => string;
}

interface Scope {
  readonly variables: Record<string, unknown>;
  readonly context: {
    Execution: { Id: string; Name: string };
    State: { Name: string };
    Task?: { Token: string };
  };
  readonly visited: string[];
  readonly world: World;
}

/** States after which an execution is taken to run in circles. */
const MAX_STATES = 2_000;

export async function execute(
  machine: Machine,
  input: unknown,
  execution: { id: string; name: string },
  world: World,
): Promise<Ending> {
  const scope: Scope = {
    variables: {},
    context: { Execution: { Id: execution.id, Name: execution.name }, State: { Name: '' } },
    visited: [],
    world,
  };
  return run(machine, input, scope);
}

async function run(machine: Machine, input: unknown, scope: Scope): Promise<Ending> {
  let name: string | undefined = machine.StartAt;
  let value = input;
  let last = name;
  while (name !== undefined) {
    const state: z.infer<typeof State> | undefined = machine.States[name];
    if (state === undefined) throw new Error(`no state ${name}`);
    scope.visited.push(name);
    if (scope.visited.length > MAX_STATES)
      throw new Error(`the execution runs in circles: ${scope.visited.slice(-12).join(' -> ')}`);
    scope.context.State.Name = name;
    last = name;
    if (state.Type === 'Fail') {
      const [error, cause] = [await text(state.Error, value, scope), await text(state.Cause, value, scope)];
      return { status: 'FAILED', last, error, cause, visited: scope.visited };
    }
    const step: { value: unknown; next: string | undefined } = await enter(state, value, scope);
    value = step.value;
    name = step.next;
  }
  return { status: 'SUCCEEDED', last, output: value, visited: scope.visited };
}

async function enter(
  state: Exclude<z.infer<typeof State>, { Type: 'Fail' }>,
  input: unknown,
  scope: Scope,
): Promise<{ value: unknown; next: string | undefined }> {
  switch (state.Type) {
    case 'Choice':
      for (const { Condition, Next, Assign } of state.Choices) {
        const holds = await evaluate(Condition, { input }, scope);
        if (typeof holds !== 'boolean')
          throw new Error(`the condition ${Condition} is ${String(holds)}, not a boolean`);
        if (holds) return leave({ Assign, Next }, input, { input }, scope);
      }
      return leave({ Assign: state.Assign, Next: state.Default }, input, { input }, scope);
    case 'Wait': {
      const seconds = await resolve(state.Seconds, { input }, scope);
      if (typeof seconds !== 'number' || !Number.isInteger(seconds) || seconds < 0)
        throw new Error(`Seconds is ${String(seconds)}`);
      await scope.world.wait(seconds);
      return leave(state, input, { input }, scope);
    }
    case 'Pass':
    case 'Succeed':
      return leave(state, input, { input }, scope);
    case 'Task':
      return attempt(state, input, scope, () => asLambdaTells(() => task(state, input, scope)));
    case 'Parallel':
      return attempt({ ...state, Retry: [] }, input, scope, async () => {
        const results = [];
        // One after the other: the fake world has one clock. A branch sees outer variables and keeps its own.
        for (const branch of state.Branches) {
          const inner: Scope = { ...scope, variables: { ...scope.variables } };
          const ending = await run(Machine.parse(branch), input, inner);
          if (ending.status === 'FAILED') throw Object.assign(new Error(ending.cause), { name: ending.error });
          results.push(ending.output);
        }
        return results;
      });
    default:
      return state satisfies never;
  }
}

async function task(
  { Resource, Arguments, TimeoutSeconds }: Extract<z.infer<typeof State>, { Type: 'Task' }>,
  input: unknown,
  scope: Scope,
): Promise<unknown> {
  const waits = Resource.endsWith('.waitForTaskToken');
  // Each attempt has a token of its own.
  const taskToken = `token-${scope.context.Execution.Name}-${(tokens += 1)}`;
  if (waits) scope.context.Task = { Token: taskToken };
  const seconds = await resolve(TimeoutSeconds, { input }, scope);
  if (typeof seconds !== 'number' || !Number.isInteger(seconds) || seconds < 1)
    throw new Error(`TimeoutSeconds is ${String(seconds)}`);
  const Payload = await scope.world.invoke(Arguments.FunctionName, await resolve(Arguments.Payload, { input }, scope));
  if (!waits) return { Payload };
  if (await scope.world.woken(taskToken, seconds)) return {};
  throw Object.assign(new Error(`nobody answered within ${seconds} s`), { name: TIMEOUT });
}

/** Of a function that throws, Step Functions tells what Lambda answered: JSON with a stack trace (Lambda Developer Guide, "Function errors"). */
async function asLambdaTells<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error) || error instanceof Aborted || error.name === TIMEOUT) throw error;
    const { name: errorType, message: errorMessage, stack = '' } = error;
    const cause = JSON.stringify({ errorType, errorMessage, trace: stack.split('\n') });
    throw Object.assign(new Error(cause, { cause: error }), { name: errorType });
  }
}

const TIMEOUT = 'States.Timeout';
let tokens = 0;

/** Thrown by an invocation: the execution ends where it stands, as StopExecution ends it; no Retry and no Catch sees it. */
export class Aborted extends Error {
  override readonly name = 'Aborted';
}

interface Attempted extends Leaving {
  readonly Retry: readonly { readonly ErrorEquals: readonly string[]; readonly MaxAttempts: number }[];
  readonly Catch?: z.infer<typeof Catcher>[] | undefined;
}

async function attempt(state: Attempted, input: unknown, scope: Scope, work: () => Promise<unknown>) {
  for (let n = 1; ; n += 1) {
    try {
      return await leave(state, input, { input, result: await work() }, scope);
    } catch (error) {
      if (error instanceof Aborted) throw error;
      const retrier = state.Retry.find(({ ErrorEquals }) => matches(ErrorEquals, error));
      if (n <= (retrier?.MaxAttempts ?? 0)) continue;
      const catcher = state.Catch?.find(({ ErrorEquals }) => matches(ErrorEquals, error));
      if (catcher === undefined) throw error;
      const errorOutput =
        error instanceof Error ? { Error: error.name, Cause: error.message } : { Error: 'Error', Cause: String(error) };
      return leave(catcher, input, { input, errorOutput }, scope);
    }
  }
}

/** As "Handling errors" of the Step Functions Developer Guide has it: TaskFailed is every error but the time-out. */
function matches(names: readonly string[], error: unknown): boolean {
  const name = error instanceof Error ? error.name : 'Error';
  return (
    names.includes('States.ALL') || names.includes(name) || (names.includes('States.TaskFailed') && name !== TIMEOUT)
  );
}

interface Leaving {
  readonly Assign?: Record<string, unknown> | undefined;
  readonly Output?: unknown;
  readonly Next?: string | undefined;
}

/** Assign and Output see the values from before the state: variables change only when it is left. */
async function leave({ Assign, Output, Next }: Leaving, input: unknown, states: Record<string, unknown>, scope: Scope) {
  const assigned = Assign === undefined ? {} : await resolve(Assign, states, scope);
  const value =
    Output === undefined ? (states['errorOutput'] ?? states['result'] ?? input) : await resolve(Output, states, scope);
  Object.assign(scope.variables, assigned);
  return { value, next: Next };
}

async function resolve(template: unknown, states: Record<string, unknown>, scope: Scope): Promise<unknown> {
  if (typeof template === 'string') return template.startsWith('{%') ? evaluate(template, states, scope) : template;
  if (Array.isArray(template)) return Promise.all(template.map((item) => resolve(item, states, scope)));
  if (typeof template !== 'object' || template === null) return template;
  const entries = await Promise.all(
    Object.entries(template).map(async ([key, inner]) => [key, await resolve(inner, states, scope)]),
  );
  return Object.fromEntries(entries);
}

/** Expressions, made once: the same few are asked again and again. */
const compiled = new Map<string, ReturnType<typeof jsonata>>();

function compile(source: string): ReturnType<typeof jsonata> {
  const known = compiled.get(source) ?? jsonata(source);
  compiled.set(source, known);
  return known;
}

async function evaluate(expression: string, states: Record<string, unknown>, scope: Scope): Promise<unknown> {
  const source = expression.replace(/^\{%\s*/, '').replace(/\s*%\}$/, '');
  const bindings = { ...scope.variables, states: { ...states, context: scope.context }, now: () => scope.world.now() };
  const value: unknown = await compile(source).evaluate(undefined, bindings);
  // Step Functions fails a state whose expression yields nothing (States.QueryEvaluationError).
  if (value === undefined)
    throw new Error(`the expression ${expression} yields nothing in ${scope.context.State.Name}`);
  return typeof value === 'object' ? JSON.parse(JSON.stringify(value)) : value;
}

async function text(template: string, input: unknown, scope: Scope): Promise<string> {
  return String(await resolve(template, { input }, scope));
}
