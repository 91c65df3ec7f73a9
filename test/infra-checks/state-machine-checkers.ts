import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import validate from 'asl-validator';
import { execa } from 'execa';
import * as z from 'zod';
import type { Finding, Verdict } from './finding.ts';
import type { Place } from './template-checkers.ts';
import type { Assembly } from './templates.ts';

const TIMEOUT_MS = 60_000;
const LAMBDA = 'arn:aws:lambda:us-east-1:111122223333:function:';

interface StateMachine {
  readonly resource: string;
  /** What AWS is given: each `${Name}` replaced by what the template puts there, an ARN. */
  readonly definition: string;
}

/** The state machines of templates. A definition that is no text, or lacks what stands for a `${Name}`, is refused. */
function stateMachines(assemblies: readonly Assembly[]): StateMachine[] {
  return assemblies.flatMap(({ templates }) =>
    templates.flatMap((template) =>
      Object.entries(template.resources)
        .filter(([, { Type }]) => Type === 'AWS::StepFunctions::StateMachine')
        .map(([logicalId, { Properties }]) => {
          const text = z.string().parse(Properties['DefinitionString']);
          const known = z.record(z.string(), z.unknown()).parse(Properties['DefinitionSubstitutions'] ?? {});
          const definition = text.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => {
            if (!(name in known)) throw new TypeError(`${logicalId}: nothing stands for ${name}`);
            return `${LAMBDA}${name}:1`;
          });
          return { resource: template.place(logicalId), definition };
        }),
    ),
  );
}

/** asl-validator: the definitions against the language's schema, and whether each state leads somewhere. */
export function aslValidator(assemblies: readonly Assembly[]): Verdict {
  const judged = stateMachines(assemblies).map(({ resource, definition }) => ({
    resource,
    messages: validate(JSON.parse(definition)).errors.map((error) => error.Message),
  }));
  return verdictOf('asl-validator', judged);
}

/** statelint: AWS's own linter of old, carried on in Python: what is written where, and that each state is reached. */
export async function statelint(assemblies: readonly Assembly[], { bin, folder }: Place): Promise<Verdict> {
  const judged = await Promise.all(
    stateMachines(assemblies).map(async ({ resource, definition }) => {
      const file = join(folder, `${resource.replaceAll('/', '-')}.asl.json`);
      await writeFile(file, definition);
      const { stdout, stderr, exitCode } = await execa(join(bin, 'statelint'), [file], {
        timeout: TIMEOUT_MS,
        reject: false,
      });
      if (exitCode === 0) return { resource, messages: [] };
      const [heading = '', ...messages] = stdout.split('\n');
      if (!/^(One error|\d+ errors):$/.test(heading)) throw new Error(`statelint failed: ${stderr}${stdout}`);
      return { resource, messages: messages.map((line) => line.trim()) };
    }),
  );
  return verdictOf('statelint', judged);
}

function verdictOf(rule: string, judged: readonly { resource: string; messages: string[] }[]): Verdict {
  return {
    findings: judged.flatMap(({ resource, messages }) =>
      messages.map((message): Finding => ({ rule, resource, detail: message, message })),
    ),
    judged: judged.map(({ resource }) => resource),
  };
}
