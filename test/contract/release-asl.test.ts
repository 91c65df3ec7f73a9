import { readFileSync } from 'node:fs';
import validate from 'asl-validator';
import jsonata from 'jsonata';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { MOST_SECONDS } from '#core/contract/budget.ts';
import { STATE_FUNCTIONS } from '#core/contract/states.ts';
import { definitionOf, flowOf, releaseDefinition } from '../../statemachines/definition.ts';
import { pictureOf } from '../../statemachines/picture.ts';

const text = releaseDefinition();
const definition = z.object({ States: z.record(z.string(), z.unknown()) }).parse(JSON.parse(text));

const StateShape = z.looseObject({
  Type: z.string(),
  Arguments: z.object({ FunctionName: z.string(), Payload: z.record(z.string(), z.unknown()) }).optional(),
  Choices: z.array(z.looseObject({ Condition: z.string(), Next: z.string() })).optional(),
  Branches: z.array(z.object({ States: z.record(z.string(), z.unknown()) })).optional(),
  Next: z.string().optional(),
  Default: z.string().optional(),
  TimeoutSeconds: z.union([z.int().positive(), z.string().startsWith('{%')]).optional(),
  Retry: z.array(z.looseObject({ ErrorEquals: z.array(z.string()), JitterStrategy: z.string() })).optional(),
  Catch: z.array(z.looseObject({ ErrorEquals: z.array(z.string()), Next: z.string() })).optional(),
});
type StateShape = z.infer<typeof StateShape>;

/** Every state, those inside Parallel included, by name. */
function allStates(states: Record<string, unknown>): [string, StateShape][] {
  return Object.entries(states).flatMap(([name, raw]) => {
    const state = StateShape.parse(raw);
    return [
      [name, state] as [string, StateShape],
      ...(state.Branches ?? []).flatMap(({ States }) => allStates(States)),
    ];
  });
}

const STATES = allStates(definition.States);
const NAMES = [
  'acquire-lock',
  'preflight',
  'prepare-database',
  'start-task',
  'check-task',
  'converge',
  'smoke',
  'check-step',
  'ask-approval',
  'read-approval',
  'freeze',
  'finish',
] as const;
const TASKS = STATES.filter(([, { Type }]) => Type === 'Task');

/** `${StartTaskFunction}` -> `start-task`. */
function functionOf(substitution: string): keyof typeof STATE_FUNCTIONS {
  const name = substitution
    .replace(/^\$\{(.*)Function\}$/, '$1')
    .replace(/(?<!^)[A-Z]/g, (letter) => `-${letter}`)
    .toLowerCase();
  return z.enum(NAMES).parse(name);
}

function outcomesOf(name: keyof typeof STATE_FUNCTIONS): string[] {
  return STATE_FUNCTIONS[name].output.options.map((option) => option.shape.outcome.value);
}

test('the file is Amazon States Language by the published schema', () => {
  const filled = text.replace(/\$\{(\w+)\}/g, 'arn:aws:lambda:eu-west-1:111122223333:function:$1:1');
  expect(validate(JSON.parse(filled))).toMatchObject({ isValid: true, errors: [] });
});

test('an execution has time for the longest approval, and two days for the rest', () => {
  const { TimeoutSeconds } = z.looseObject({ TimeoutSeconds: z.int() }).parse(JSON.parse(text));
  expect(TimeoutSeconds).toBe(MOST_SECONDS);
});

describe('each task state', () => {
  test.each(TASKS)('%s names a function of the contract and hands over exactly what it takes', (_name, state) => {
    const { input } = STATE_FUNCTIONS[functionOf(state.Arguments?.FunctionName ?? '')];
    const shape: Record<string, z.ZodType> = input.shape;
    const keys = Object.keys(state.Arguments?.Payload ?? {});
    const required = Object.entries(shape).filter(([, schema]) => !schema.safeParse(undefined).success);
    expect(keys.filter((key) => !(key in shape))).toEqual([]);
    expect(required.map(([key]) => key).filter((key) => !keys.includes(key))).toEqual([]);
  });

  test.each(TASKS)('%s has a time-out, retries with jitter and a way out of every surprise', (_name, state) => {
    expect(state.TimeoutSeconds).toBeDefined();
    expect(state.Retry?.length).toBeGreaterThan(0);
    expect(state.Retry?.every(({ JitterStrategy }) => JitterStrategy === 'FULL')).toBe(true);
    expect(state.Catch?.some(({ ErrorEquals }) => ErrorEquals.includes('States.ALL'))).toBe(true);
  });

  test('every function of the contract is called', () => {
    const called = new Set(TASKS.map(([, state]) => functionOf(state.Arguments?.FunctionName ?? '')));
    expect([...called].toSorted()).toEqual(Object.keys(STATE_FUNCTIONS).toSorted());
  });
});

describe('each decision', () => {
  const decisions = TASKS.flatMap(([name, task]) => {
    const choice = STATES.find(([other, { Type }]) => other === task.Next && Type === 'Choice');
    return choice === undefined ? [] : [[name, functionOf(task.Arguments?.FunctionName ?? ''), choice[1]] as const];
  });

  test.each(decisions)('after %s asks only for outcomes that %s has', (_name, fn, choice) => {
    const asked = (choice.Choices ?? []).flatMap(({ Condition }) =>
      [...Condition.matchAll(/\$states\.input\.outcome (?:= '([^']+)'|in \[([^\]]+)\])/g)].flatMap(([, one, list]) =>
        one === undefined ? (list ?? '').split(', ').map((each) => each.replaceAll("'", '')) : [one],
      ),
    );
    expect(asked.filter((outcome) => !outcomesOf(fn).includes(outcome))).toEqual([]);
    expect(choice.Default).toBeDefined();
  });
});

/** Names of all variables that some Assign gives a value. */
function assignedNames(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
    key === 'Assign' && typeof inner === 'object' && inner !== null ? Object.keys(inner) : assignedNames(inner),
  );
}

describe('each expression', () => {
  const expressions = [...text.matchAll(/"\{%(.*?)%\}"/g)].map(([, source]) =>
    z.string().parse(JSON.parse(`"${source ?? ''}"`)),
  );

  test('is JSONata that parses, and uses no variable that nothing assigns', () => {
    const assigned = assignedNames(JSON.parse(text));
    const known = new Set([...assigned, 'states', 'now', 'not', 'count', 'exists', 'match', 'replace', 'substring']);
    for (const expression of expressions) {
      expect(() => jsonata(expression), expression).not.toThrow();
      const used = [...expression.matchAll(/\$(\w+)/g)].map(([, name = '']) => name);
      expect(
        used.filter((name) => !known.has(name)),
        expression,
      ).toEqual([]);
    }
    expect(expressions.length).toBeGreaterThan(50);
  });

  test('holds no ${, which CDK would take for a substitution', () => {
    expect(expressions.filter((expression) => expression.includes('${'))).toEqual([]);
  });
});

describe('the picture', () => {
  const readme = readFileSync(new URL('../../statemachines/README.md', import.meta.url), 'utf8');

  test('in README.md names every state', () => {
    const missing = STATES.map(([name]) => name).filter((name) => !readme.includes(name));
    expect(missing).toEqual([]);
  });

  test('in README.md is the one that `npm run statemachine` draws', () => {
    expect(readme).toContain(pictureOf(flowOf(text)));
  });

  test('shows choices with their conditions, and errors that do not lead to Roll back', () => {
    const task = { Type: 'Task', Next: 'Passed?', Catch: [{ Next: 'Roll back' }] };
    const picture = pictureOf({
      StartAt: 'Check step',
      States: {
        'Check step': task,
        'Passed?': {
          Type: 'Choice',
          Choices: [
            { Condition: "{% $states.input.outcome in ['pass', 'none'] and $step < 3 %}", Next: 'Check step' },
            { Condition: "{% $states.input.outcome = 'superseded' %}", Next: 'Superseded' },
          ],
          Default: 'Promote',
        },
        Promote: { ...task, Next: 'Done', Catch: [{ Next: 'Freeze' }] },
      },
    });
    expect(picture.split('\n').map((line) => line.trim())).toEqual([
      'flowchart TD',
      'Check_step["Check step"]',
      'Check_step --> Passed_',
      'Passed_{"Passed?"}',
      'Passed_ -->|"(pass or none) and step < 3"| Check_step',
      'Passed_ -->|"otherwise"| Promote',
      'Promote["Promote"]',
      'Promote --> Done',
      'Promote -. error .-> Freeze',
    ]);
  });
});

describe('the YAML source', () => {
  test('becomes JSON without what several states share, with aliases and merge keys resolved', () => {
    const yaml = [
      'x-retry: &retry [{ ErrorEquals: [States.ALL] }]',
      'x-call: &call { Type: Task, TimeoutSeconds: 60, Retry: *retry }',
      'StartAt: Finish',
      'States: { Finish: { <<: *call, TimeoutSeconds: 30, End: true } }',
    ].join('\n');
    expect(JSON.parse(definitionOf(yaml))).toEqual({
      StartAt: 'Finish',
      States: { Finish: { Type: 'Task', TimeoutSeconds: 30, Retry: [{ ErrorEquals: ['States.ALL'] }], End: true } },
    });
  });
});
