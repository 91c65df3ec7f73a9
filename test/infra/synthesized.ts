import { resolve } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import * as z from 'zod';
import environments from '../../infra/environments/environments.ts';
import { type Environments, parseEnvironments } from '../../infra/environments/schema.ts';
import { FEATURE_FLAGS } from '../../infra/feature-flags.ts';
import { addStacks } from '../../infra/stacks/add-stacks.ts';
import { releaseDefinition } from '../../statemachines/definition.ts';
import { inApp } from './in-app.ts';

const root = resolve(import.meta.dirname, '../..');

/** Without bundling: templates do not depend on what is in the functions' asset. */
export const context = { ...FEATURE_FLAGS, 'aws:cdk:bundling-stacks': [] };

export const sources = {
  functionsDirectory: resolve(root, 'functions'),
  definition: releaseDefinition(),
};

/** An account, so that ARNs in the templates are texts that can be compared. */
export const ACCOUNT = '111122223333';

/** The project's own environments in an account. */
export function environmentsIn(account = ACCOUNT): Environments {
  const copy = structuredClone(environments);
  return { ...copy, orchestrator: { ...copy.orchestrator, account } };
}

/** The templates of all stacks by their names. */
export function synthesized(value: unknown = environmentsIn()): Record<string, Template> {
  return inApp(context, (app) => {
    const stacks = addStacks(app, parseEnvironments(value), sources);
    return Object.fromEntries(stacks.map((stack) => [stack.stackName, Template.fromStack(stack)]));
  });
}

/** One template, by the name of its stack. */
export function templateOf(templates: Record<string, Template>, stack: string): Template {
  const template = templates[stack];
  if (template === undefined) throw new TypeError(`there is no stack ${stack}`);
  return template;
}

const Resource = z.looseObject({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) });
export type Resource = z.infer<typeof Resource>;

/** Resources by logical id: all, or those of a type. */
export function resources(template: Template, type?: string): Record<string, Resource> {
  const all = z.record(z.string(), Resource).parse(template.toJSON()['Resources']);
  return Object.fromEntries(Object.entries(all).filter(([, { Type }]) => type === undefined || Type === type));
}

const OneOrMore = z.union([z.string().transform((one) => [one]), z.array(z.string())]);

/** A statement whose every part is a text: policies name what they allow by ARNs known at synthesis. */
export const Statement = z.strictObject({
  Effect: z.enum(['Allow', 'Deny']),
  Action: OneOrMore,
  Resource: OneOrMore,
  Condition: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
});
export type Statement = z.infer<typeof Statement>;
