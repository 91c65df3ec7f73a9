import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import * as z from 'zod';

/** Keys of the file that hold what several states share. Docker Compose names such keys in the same way. */
const SHARED = 'x-';

const Source = z.record(z.string(), z.unknown());

/** A state of the Amazon States Language, as far as its transitions go. */
export interface State {
  readonly Type: string;
  readonly Next?: string | undefined;
  readonly Default?: string | undefined;
  readonly Choices?: readonly { readonly Condition: string; readonly Next: string }[] | undefined;
  readonly Catch?: readonly { readonly Next: string }[] | undefined;
  readonly Branches?: readonly Flow[] | undefined;
}

/** The states of a state machine, or of one branch of a Parallel state. */
export interface Flow {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

const FlowShape: z.ZodType<Flow> = z.object({
  StartAt: z.string(),
  States: z.record(
    z.string(),
    z.object({
      Type: z.string(),
      Next: z.string().optional(),
      Default: z.string().optional(),
      Choices: z.array(z.object({ Condition: z.string(), Next: z.string() })).optional(),
      Catch: z.array(z.object({ Next: z.string() })).optional(),
      get Branches() {
        return z.array(FlowShape).optional();
      },
    }),
  ),
});

/** The JSON of a definition in YAML: aliases and merge keys are resolved, and the keys that begin with `x-` are left out. */
export function definitionOf(yaml: string): string {
  const source = Source.parse(parse(yaml, { merge: true }));
  const definition = Object.fromEntries(Object.entries(source).filter(([key]) => !key.startsWith(SHARED)));
  return JSON.stringify(definition, undefined, 2);
}

/** The state machine of a release as JSON. `${Name}` in it stands for the version of a function. */
export function releaseDefinition(): string {
  return definitionOf(readFileSync(new URL('release.asl.yaml', import.meta.url), 'utf8'));
}

/** The transitions of a definition in JSON. */
export function flowOf(definition: string): Flow {
  return FlowShape.parse(JSON.parse(definition));
}
