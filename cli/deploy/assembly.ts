import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { execa } from 'execa';
import * as z from 'zod';
import { EXIT, Problem } from '../problem.ts';
import { ROOT } from './environment.ts';

const Manifest = z.object({
  artifacts: z.record(
    z.string(),
    z.object({
      type: z.string(),
      properties: z
        .object({
          templateFile: z.string().optional(),
          requiresBootstrapStackVersion: z.number().optional(),
          lookupRole: z.object({ requiresBootstrapStackVersion: z.number().optional() }).optional(),
        })
        .optional(),
    }),
  ),
});

/** A template as far as it is compared and counted here. */
export const Template = z.looseObject({
  Resources: z.record(
    z.string(),
    z.looseObject({
      Type: z.string(),
      Properties: z.record(z.string(), z.unknown()).optional(),
      DeletionPolicy: z.string().optional(),
    }),
  ),
});
export type Template = z.infer<typeof Template>;

export interface SynthesizedStack {
  readonly name: string;
  readonly template: Template;
}

/** Everything that a deployment makes, as files: what is shown is what is deployed. */
export interface Assembly {
  /** What `cdk --app` takes. */
  readonly directory: string;
  /** In the order in which they are deployed. */
  readonly stacks: readonly SynthesizedStack[];
  /** Of the bootstrap stack, at least. */
  readonly bootstrapVersion: number;
  remove(): Promise<void>;
}

/** Synthesizes an environment. @param context as `infra/app.ts` takes it @throws {Problem} with what the synthesis said */
export async function synthesize(context: string): Promise<Assembly> {
  const directory = await mkdtemp(join(tmpdir(), 'farol-assembly-'));
  const remove = () => rm(directory, { recursive: true, force: true });
  try {
    const { exitCode, stderr } = await execa(execPath, ['infra/app.ts'], {
      cwd: ROOT,
      reject: false,
      env: { CDK_OUTDIR: directory, CDK_CONTEXT_JSON: JSON.stringify({ environments: context }) },
    });
    if (exitCode !== 0)
      throw new Problem(
        `${context} cannot be synthesized:\n${lastError(stderr)}`,
        'Put the setting right that it names; nothing was asked of AWS.',
        EXIT.usage,
      );
    const text = await readFile(join(directory, 'manifest.json'), 'utf8');
    const { artifacts } = Manifest.parse(JSON.parse(text));
    const stacks = await Promise.all(
      Object.entries(artifacts).flatMap(([name, { type, properties }]) =>
        type === 'aws:cloudformation:stack' && properties?.templateFile !== undefined
          ? [readTemplate(name, join(directory, properties.templateFile))]
          : [],
      ),
    );
    const versions = Object.values(artifacts).flatMap(({ properties }) => [
      properties?.requiresBootstrapStackVersion ?? 0,
      properties?.lookupRole?.requiresBootstrapStackVersion ?? 0,
    ]);
    return { directory, stacks: inOrder(stacks), bootstrapVersion: Math.max(0, ...versions), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function readTemplate(name: string, file: string): Promise<SynthesizedStack> {
  return { name, template: Template.parse(JSON.parse(await readFile(file, 'utf8'))) };
}

/** What a Node program that threw printed of its error, without the places in the code. */
function lastError(stderr: string): string {
  const lines = stderr.split('\n');
  const error = lines.find((line) => /^\w*Error: /.test(line));
  return (
    error ??
    lines
      .filter((line) => line.trim() !== '' && !/^\s+at /.test(line))
      .slice(-10)
      .join('\n')
  );
}

/** Kinds of stacks by the end of their names, see infra/names.ts; what is quick and what others need first. */
const ORDER = ['farol-orchestrator', '-repository', '-pipeline', '-service'];

/**
 * The orchestrator first, so that what it serves is never newer than itself; the database and CloudFront, which take longest,
 * last: meanwhile a person can confirm the connection of the pipeline.
 */
export function inOrder<T extends { readonly name: string }>(stacks: readonly T[]): T[] {
  const place = ({ name }: T) => {
    const found = ORDER.findIndex((end) => name.endsWith(end));
    return found === -1 ? ORDER.length - 2 : found;
  };
  return stacks.toSorted((a, b) => place(a) - place(b) || a.name.localeCompare(b.name));
}

/** Whether a stack is a target's own. */
export function isService(name: string): boolean {
  return name.endsWith('-service');
}
