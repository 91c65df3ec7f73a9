import { type App, CfnResource, Stack } from 'aws-cdk-lib';
import { CfnSecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { CfnDBInstance } from 'aws-cdk-lib/aws-rds';
import { CfnStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { type Assembly, assemble } from './templates.ts';

/** What each checker has to find in the spoiled templates: one that no longer does would let everything pass. */
export const TEETH = [
  { checker: 'cdk-nag', rule: 'AwsSolutions-RDS2', on: 'spoiled/farol/Unencrypted' },
  { checker: 'cdk-nag', rule: 'AwsSolutions-EC23', on: 'spoiled/farol/Open' },
  { checker: 'cfn-lint', rule: 'E3002', on: 'spoiled/farol/Misspelt' },
  { checker: 'checkov', rule: 'CKV_AWS_16', on: 'spoiled/farol/Unencrypted' },
  { checker: 'checkov', rule: 'CKV_AWS_24', on: 'spoiled/farol/Open' },
  { checker: 'asl-validator', rule: 'asl-validator', on: 'spoiled/farol/LeadsNowhere' },
  { checker: 'statelint', rule: 'statelint', on: 'spoiled/farol/LeadsNowhere' },
  { checker: 'silenced', rule: 'no metadata that silences a checker', on: 'spoiled/farol/Silenced' },
] as const;

/** An environment in which each thing is wrong on purpose. */
export function spoiled(folder: string): Assembly {
  return assemble({ environment: 'spoiled', region: 'us-east-1', folder, validated: false }, (app: App) => {
    const stack = new Stack(app, 'farol', { env: { region: 'us-east-1' } });
    new CfnDBInstance(stack, 'Unencrypted', { engine: 'postgres', storageEncrypted: false });
    new CfnSecurityGroup(stack, 'Open', {
      groupDescription: 'Open to everybody',
      securityGroupIngress: [{ ipProtocol: 'tcp', fromPort: 22, toPort: 22, cidrIp: '0.0.0.0/0' }],
    });
    new CfnResource(stack, 'Misspelt', { type: 'AWS::SNS::Topic', properties: { DisplayNmae: 'Farol' } });
    new CfnResource(stack, 'Silenced', { type: 'AWS::SNS::Topic' }).addMetadata('checkov', {
      skip: [{ id: 'CKV_AWS_26', comment: 'nobody sees this' }],
    });
    new CfnStateMachine(stack, 'LeadsNowhere', {
      roleArn: 'arn:aws:iam::111122223333:role/any',
      definitionString: JSON.stringify({ StartAt: 'Begin', States: { Begin: { Type: 'Pass', Next: 'Nowhere' } } }),
    });
  });
}
