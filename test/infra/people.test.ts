import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { FUNCTIONS, type FunctionName, functionName, ORCHESTRATOR } from '../../infra/names.ts';
import { evaluate } from '../iam/evaluate.ts';
import { parsePolicy, type Statement } from '../iam/policy.ts';
import { complaintsAbout } from '../iam/reference.ts';
import { readTemplate } from '../iam/template.ts';
import { ACCOUNT, synthesized, templateOf } from './synthesized.ts';

const template = readTemplate(templateOf(synthesized(), ORCHESTRATOR.stack).toJSON(), {
  account: ACCOUNT,
  region: 'us-east-1',
});
const Policy = z.looseObject({ ManagedPolicyName: z.string(), PolicyDocument: z.unknown() });
const POLICIES = new Map<string, Statement[]>(
  Object.values(template.resources)
    .filter(({ Type }) => Type === 'AWS::IAM::ManagedPolicy')
    .map(({ Properties }) => {
      const { ManagedPolicyName, PolicyDocument } = Policy.parse(template.resolve(Properties));
      return [ManagedPolicyName, parsePolicy(PolicyDocument)];
    }),
);

function may(policy: string, action: string, name: FunctionName, byUrl: boolean): boolean {
  const resource = `arn:aws:lambda:us-east-1:${ACCOUNT}:function:${functionName(name)}`;
  const context = { 'lambda:InvokedViaFunctionUrl': String(byUrl), 'lambda:FunctionUrlAuthType': 'AWS_IAM' };
  return evaluate(POLICIES.get(`${policy}-us-east-1`) ?? [], { action, resource, context }).allowed;
}

describe.each<[string, FunctionName[]]>([
  ['farol-approver', ['answer-approval']],
  ['farol-operator', ['start-deployment', 'unfreeze']],
])('the policy %s', (policy, asked) => {
  test('lets people ask by URL what it is for, with both rights that this takes', () => {
    const both = (name: FunctionName) =>
      ['lambda:InvokeFunctionUrl', 'lambda:InvokeFunction'].every((action) => may(policy, action, name, true));
    expect(FUNCTIONS.filter(both)).toEqual(asked);
    expect(FUNCTIONS.filter((name) => may(policy, 'lambda:GetFunctionUrlConfig', name, false))).toEqual(asked);
  });

  test('lets nobody invoke a function with an event of their own', () => {
    expect(FUNCTIONS.filter((name) => may(policy, 'lambda:InvokeFunction', name, false))).toEqual([]);
  });

  test('is right by the Service Authorization Reference', async () => {
    const statements = POLICIES.get(`${policy}-us-east-1`) ?? [];
    const complaints = await Promise.all(
      statements.map((statement) => complaintsAbout(statement, [], () => undefined)),
    );
    expect(complaints.flat()).toEqual([]);
  });
});
