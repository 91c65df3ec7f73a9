/**
 * Checks parameters against the model, as AWS's services do before they look at anything else. Enumerations and
 * patterns are left to the service: clients newer than the model may know more values.
 */

import type { Member, OperationModel, Shape } from './model.ts';
import { AwsError } from './service.ts';
import { isStructure } from './values.ts';

/**
 * - `strict`: everything that the model says.
 * - `lenient`: members that the model does not know are ignored, as services do, and upper limits are not checked, as
 *   botocore does not: AWS raises them without a new model.
 */
export type Strictness = 'strict' | 'lenient';

/** @throws {AwsError} the operation's own validation error, naming every problem. */
export function validate(operation: OperationModel, params: unknown, strictness: Strictness = 'strict'): void {
  const problems = findProblems(operation.input, params, strictness);
  if (problems.length === 0) return;
  const count = `${problems.length} validation error${problems.length === 1 ? '' : 's'} detected: `;
  throw new AwsError(validationCode(operation), count + problems.join('; '));
}

/** Every way in which the parameters do not fit the shape, in the wording of AWS's services. */
export function findProblems(shape: Shape | undefined, params: unknown, strictness: Strictness = 'strict'): string[] {
  const problems = new Problems(strictness === 'strict');
  if (shape !== undefined) structure(shape, params, '', problems);
  else if (isStructure(params) && problems.strict) {
    for (const name of Object.keys(params)) problems.found.push(`Unknown parameter '${name}'`);
  }
  return problems.found;
}

class Problems {
  readonly strict: boolean;
  readonly found: string[] = [];

  constructor(strict: boolean) {
    this.strict = strict;
  }
}

/** The error that the service has for this: its model's, else the usual one of its protocol. */
function validationCode(operation: OperationModel): string {
  const declared = new Set(operation.errors.map((shape) => shape.name));
  for (const code of ['ValidationException', 'InvalidParameterException', 'InvalidParameterValueException']) {
    if (declared.has(code)) return code;
  }
  const { protocol } = operation.service.metadata;
  return protocol === 'query' ? 'ValidationError' : 'ValidationException';
}

function structure(shape: Shape, value: unknown, path: string, problems: Problems): void {
  if (shape.raw.document) return;
  if (!isStructure(value)) {
    wrongType(value, path, 'a structure', problems);
    return;
  }
  for (const name of shape.required) {
    if (value[name] === undefined) failed(null, inside(path, name), 'Member must not be null', problems);
  }
  const present = Object.entries(value).filter(([, each]) => each !== undefined);
  if (shape.raw.union && present.length !== 1)
    failed(null, path, 'Exactly one member of the union must be set', problems);
  for (const [name, each] of present) {
    const member = shape.members.get(name);
    if (member !== undefined) check(member, each, inside(path, name), problems);
    else if (problems.strict) problems.found.push(`Unknown parameter '${name}'${path === '' ? '' : ` at '${path}'`}`);
  }
}

function check(member: Member, value: unknown, path: string, problems: Problems): void {
  const { shape } = member;
  switch (shape.type) {
    case 'structure':
      structure(shape, value, path, problems);
      return;
    case 'list':
      if (!Array.isArray(value)) return wrongType(value, path, 'a list', problems);
      length(shape, value.length, value, path, problems);
      for (const [at, each] of value.entries()) check(shape.member, each, `${path}.${at + 1}.member`, problems);
      return;
    case 'map':
      if (!isStructure(value)) return wrongType(value, path, 'a map', problems);
      length(shape, Object.keys(value).length, value, path, problems);
      for (const [key, each] of Object.entries(value)) {
        check(shape.key, key, `${path}.${key}.key`, problems);
        check(shape.value, each, `${path}.${key}.member`, problems);
      }
      return;
    case 'integer':
    case 'long':
      if (!Number.isInteger(value)) return wrongType(value, path, 'a whole number', problems);
      return range(shape, Number(value), path, problems);
    case 'float':
    case 'double':
      if (typeof value !== 'number') return wrongType(value, path, 'a number', problems);
      return range(shape, value, path, problems);
    case 'boolean':
      if (typeof value !== 'boolean') wrongType(value, path, 'true or false', problems);
      return;
    case 'timestamp':
      if (!(value instanceof Date)) wrongType(value, path, 'a timestamp', problems);
      return;
    case 'blob':
      if (!(value instanceof Uint8Array)) wrongType(value, path, 'a blob', problems);
      return;
    case 'string':
    case 'character':
    case 'bigdecimal':
      if (typeof value !== 'string') return wrongType(value, path, 'a string', problems);
      return length(shape, value.length, value, path, problems);
  }
}

function length(shape: Shape, size: number, value: unknown, path: string, problems: Problems): void {
  const { min, max } = shape.raw;
  if (min !== undefined && size < min)
    failed(value, path, `Member must have length greater than or equal to ${min}`, problems);
  if (problems.strict && max !== undefined && size > max)
    failed(value, path, `Member must have length less than or equal to ${max}`, problems);
}

function range(shape: Shape, value: number, path: string, problems: Problems): void {
  const { min, max } = shape.raw;
  if (min !== undefined && value < min)
    failed(value, path, `Member must have value greater than or equal to ${min}`, problems);
  if (problems.strict && max !== undefined && value > max)
    failed(value, path, `Member must have value less than or equal to ${max}`, problems);
}

function wrongType(value: unknown, path: string, wanted: string, problems: Problems): void {
  failed(value, path, `Member must be ${wanted}`, problems);
}

function failed(value: unknown, path: string, constraint: string, problems: Problems): void {
  const shown = value === null ? 'null' : `'${typeof value === 'string' ? value : JSON.stringify(value)}'`;
  const at = path === '' ? 'input' : path;
  problems.found.push(
    `Value ${shown.length > 200 ? `${shown.slice(0, 200)}...'` : shown} at '${at}' failed to satisfy constraint: ${constraint}`,
  );
}

/** AWS's services name members in lower camel case here, whatever the model's case. */
function inside(path: string, name: string): string {
  const lower = name.slice(0, 1).toLowerCase() + name.slice(1);
  return path === '' ? lower : `${path}.${lower}`;
}
