import { expect, test } from 'vitest';
import { findProblems, type Strictness, validate } from '../../src/protocol/validate.ts';
import { models } from '../fixtures/gateway.ts';

function operation(service: string, name: string) {
  const found = models.get(service).operation(name);
  if (found === undefined) throw new Error(`${service} has no ${name}`);
  return found;
}

function problems(service: string, name: string, params: unknown, strictness?: Strictness) {
  return findProblems(operation(service, name).input, params, strictness);
}

test('what fits has no problem', () => {
  expect(problems('ecs', 'UpdateService', { service: 's', desiredCount: 0, forceNewDeployment: true })).toEqual([]);
  expect(problems('elbv2', 'DescribeRules', {})).toEqual([]);
});

test('required members, at any depth', () => {
  expect(problems('elbv2', 'ModifyRule', { Actions: [{ ForwardConfig: {} }] })).toEqual([
    "Value null at 'ruleArn' failed to satisfy constraint: Member must not be null",
    "Value null at 'actions.1.member.type' failed to satisfy constraint: Member must not be null",
  ]);
});

test('types', () => {
  expect(problems('ecs', 'UpdateService', { service: 1, desiredCount: 1.5, forceNewDeployment: 'yes' })).toEqual([
    "Value '1' at 'service' failed to satisfy constraint: Member must be a string",
    "Value '1.5' at 'desiredCount' failed to satisfy constraint: Member must be a whole number",
    "Value 'yes' at 'forceNewDeployment' failed to satisfy constraint: Member must be true or false",
  ]);
});

test('lengths and ranges', () => {
  expect(
    problems('application-autoscaling', 'DescribeScalableTargets', { ServiceNamespace: 'ecs', ResourceIds: [''] }),
  ).toEqual([
    "Value '' at 'resourceIds.1.member' failed to satisfy constraint: Member must have length greater than or equal to 1",
  ]);
  expect(problems('elbv2', 'CreateTargetGroup', { Name: 'n', Port: 0 })).toEqual([
    "Value '0' at 'port' failed to satisfy constraint: Member must have value greater than or equal to 1",
  ]);
});

test('what a lenient check lets through: unknown members and upper limits', () => {
  const params = { Name: 'n', Port: 70_000, Colour: 'blue' };
  expect(problems('elbv2', 'CreateTargetGroup', params)).toHaveLength(2);
  expect(problems('elbv2', 'CreateTargetGroup', params, 'lenient')).toEqual([]);
});

test.each([
  ['ecs', 'UpdateService', 'InvalidParameterException'],
  ['application-autoscaling', 'RegisterScalableTarget', 'ValidationException'],
  ['elbv2', 'ModifyRule', 'ValidationError'],
  ['dynamodb', 'GetItem', 'ValidationException'],
  ['stepfunctions', 'StartExecution', 'ValidationException'],
])('%s %s refuses with its own code %s', (service, name, code) => {
  expect(() => validate(operation(service, name), {})).toThrow(expect.objectContaining({ code, status: 400 }));
});
