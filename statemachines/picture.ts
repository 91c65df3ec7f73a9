import type { Flow, State } from './definition.ts';

/** States that most others can lead to. Their arrows would hide all the others; README.md names them below the picture. */
const LEFT_OUT = { states: ['Superseded'], error: 'Roll back' } as const;

const SHAPES: Readonly<Record<string, readonly [string, string]>> = {
  Task: ['[', ']'],
  Choice: ['{', '}'],
  Wait: ['(', ')'],
  Pass: ['(', ')'],
  Succeed: ['([', '])'],
  Fail: ['([', '])'],
};

/** A Mermaid flowchart of the transitions: every state but those that are left out, choices with their conditions, unusual ways of errors dotted. */
export function pictureOf(flow: Flow): string {
  return ['flowchart TD', ...drawn(flow, '  ')].join('\n');
}

function drawn({ States }: Flow, indent: string): string[] {
  const shown = Object.entries(States).filter(([name]) => !isLeftOut(name));
  return shown.flatMap(([name, state]) => [...node(name, state, indent), ...arrows(name, state, indent)]);
}

function node(name: string, state: State, indent: string): string[] {
  if (state.Branches !== undefined) {
    const within = state.Branches.flatMap((branch) => drawn(branch, `${indent}  `));
    return [`${indent}subgraph ${id(name)}["${name}"]`, ...within, `${indent}end`];
  }
  const [open, close] = SHAPES[state.Type] ?? ['[', ']'];
  return [`${indent}${id(name)}${open}"${name}"${close}`];
}

function arrows(name: string, state: State, indent: string): string[] {
  const ways = [
    ...(state.Choices ?? []).map(({ Condition, Next }) => [`-->|"${inWords(Condition)}"|`, Next] as const),
    ...[state.Default].flatMap((next) => (next === undefined ? [] : [['-->|"otherwise"|', next] as const])),
    ...[state.Next].flatMap((next) => (next === undefined ? [] : [['-->', next] as const])),
    ...(state.Catch ?? [])
      .filter(({ Next }) => Next !== LEFT_OUT.error && Next !== state.Next)
      .map(({ Next }) => ['-. error .->', Next] as const),
  ];
  return ways
    .filter(([, next]) => !isLeftOut(next))
    .map(([arrow, next]) => `${indent}${id(name)} ${arrow} ${id(next)}`);
}

function isLeftOut(name: string): boolean {
  return LEFT_OUT.states.some((one) => one === name);
}

/** `{% $states.input.outcome = 'pass' and $check < 3 %}` -> `pass and check < 3`. */
function inWords(condition: string): string {
  return condition
    .replace(/^\{%\s*|\s*%\}$/g, '')
    .replace(/\$states\.input\.outcome in \[([^\]]*)\]/g, (_all, list: string) => `(${list.split(', ').join(' or ')})`)
    .replace(/\$states\.input\.outcome = /g, '')
    .replace(/\$states\.input/g, 'input')
    .replace(/[$']/g, '')
    .replace(/"/g, '#quot;');
}

/** Mermaid's names are words. */
function id(name: string): string {
  return name.replace(/\W+/g, '_');
}
