import { readFileSync, writeFileSync } from 'node:fs';
import { flowOf, releaseDefinition } from './definition.ts';
import { pictureOf } from './picture.ts';

const README = new URL('README.md', import.meta.url);

const definition = releaseDefinition();
const picture = `\`\`\`mermaid\n${pictureOf(flowOf(definition))}\n\`\`\``;
writeFileSync(
  README,
  readFileSync(README, 'utf8').replace(/```mermaid\n[^`]*```/, () => picture),
);
console.log(definition);
