import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { synthesize } from '../deploy/assembly.ts';
import { ENVIRONMENTS, loadEnvironment, ROOT } from '../deploy/environment.ts';
import { costsPage, type Profile } from './page.ts';

/** A size with its templates. */
async function profile(name: string): Promise<Profile> {
  const { context, value } = await loadEnvironment(ENVIRONMENTS, name);
  const assembly = await synthesize(context);
  await assembly.remove();
  return { environments: value, templates: assembly.stacks.map(({ template }) => template) };
}

const [starter, production] = await Promise.all([profile('starter'), profile('production')]);
writeFileSync(join(ROOT, 'docs/costs.md'), costsPage({ starter, production }));
