import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { execPath } from 'node:process';
import { promisify } from 'node:util';
import * as z from 'zod';
import { HEALTH_PATH_VARIABLE, PORTS_VARIABLE } from '../environments.ts';

const root = resolve(import.meta.dirname, '../..');
const SYNTHESIS_SECONDS = 60;

const Manifest = z.object({
  artifacts: z.record(
    z.string(),
    z.object({ type: z.string(), properties: z.object({ templateFile: z.string().optional() }).optional() }),
  ),
});

export interface Assembly {
  /** The folder that `cdk deploy --app` takes. */
  readonly directory: string;
  /** Names of the stacks that are deployed as they are. */
  readonly stacks: readonly string[];
  /** Template of each target's service stack. */
  readonly serviceTemplates: readonly string[];
}

function isService([name]: readonly [string, unknown]): boolean {
  return name.endsWith('-service');
}

/**
 * Makes the templates and assets of every stack, as the cdk command would.
 * @param environmentsModule path of the environments module, from the project's root or absolute
 * @param out folder for the result; what is in it is replaced
 * @param ports of each target's load balancer, in the order of the targets
 * @param healthPath that the load balancer asks whether a task is well, unless the module says another
 * @throws with what the synthesis printed
 */
export async function synthesize(options: {
  environmentsModule: string;
  out: string;
  ports: readonly { production: number; blue: number; green: number }[];
  healthPath?: string;
}): Promise<Assembly> {
  await promisify(execFile)(execPath, ['infra/app.ts'], {
    cwd: root,
    timeout: SYNTHESIS_SECONDS * 1000,
    env: {
      ...process.env,
      CDK_OUTDIR: options.out,
      // Takes longer than all the rest, and the tests do it.
      CDK_VALIDATION: 'false',
      CDK_CONTEXT_JSON: JSON.stringify({ environments: options.environmentsModule }),
      [PORTS_VARIABLE]: options.ports.flatMap(({ production, blue, green }) => [production, blue, green]).join(','),
      [HEALTH_PATH_VARIABLE]: options.healthPath,
    },
  });
  const manifest = Manifest.parse(JSON.parse(await readFile(join(options.out, 'manifest.json'), 'utf8')));
  const stacks = Object.entries(manifest.artifacts).filter(([, { type }]) => type === 'aws:cloudformation:stack');
  const templates = stacks.filter(isService).flatMap(([, { properties }]) => properties?.templateFile ?? []);
  if (templates.length === 0) throw new TypeError(`${options.environmentsModule} has no target`);
  return {
    directory: options.out,
    stacks: stacks.filter((stack) => !isService(stack)).map(([name]) => name),
    serviceTemplates: templates.map((file) => join(options.out, file)),
  };
}
