import { Stack } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { type Function, FunctionUrlAuthType } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { ASKED_BY_PEOPLE, FUNCTIONS, type FunctionName } from '../names.ts';

export interface PeopleProps {
  readonly functionOf: (name: FunctionName) => Function;
}

/**
 * The addresses by which people ask functions, and policies for those who may: function URLs with IAM authorisation, so
 * that Lambda verifies the caller's signature and tells the function who it is. The policies let no one invoke a function
 * otherwise, where the caller writes the whole event: a function URL needs both actions, and the condition key is true of
 * nothing else (Lambda Developer Guide, "Control access to Lambda function URLs").
 */
export class People extends Construct {
  constructor(scope: Construct, id: string, { functionOf }: PeopleProps) {
    super(scope, id);
    const asked = FUNCTIONS.filter((name) => name in ASKED_BY_PEOPLE);
    for (const name of asked) functionOf(name).addFunctionUrl({ authType: FunctionUrlAuthType.AWS_IAM });
    const policies: Readonly<Partial<Record<FunctionName, string>>> = ASKED_BY_PEOPLE;
    for (const policy of new Set(Object.values(ASKED_BY_PEOPLE))) {
      const resources = asked.filter((name) => policies[name] === policy).map((name) => functionOf(name).functionArn);
      new ManagedPolicy(this, policy, {
        // Of the account, which may have Farol in several regions.
        managedPolicyName: `${policy}-${Stack.of(this).region}`,
        description:
          policy === 'farol-approver'
            ? 'Answer deployments that wait for a person'
            : 'Deploy again, open frozen targets',
        document: new PolicyDocument({
          statements: [
            new PolicyStatement({ actions: ['lambda:GetFunctionUrlConfig'], resources }),
            new PolicyStatement({
              actions: ['lambda:InvokeFunctionUrl'],
              resources,
              conditions: { StringEquals: { 'lambda:FunctionUrlAuthType': 'AWS_IAM' } },
            }),
            new PolicyStatement({
              actions: ['lambda:InvokeFunction'],
              resources,
              conditions: { Bool: { 'lambda:InvokedViaFunctionUrl': 'true' } },
            }),
          ],
        }),
      });
    }
  }
}
