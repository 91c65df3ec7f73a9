import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Code, Function, type IVersion, Runtime } from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { describe, expect, test } from 'vitest';
import { ReleaseWorkflow } from '../../infra/constructs/release-workflow.ts';
import { inApp } from './in-app.ts';

/** A stack with a state machine whose definition and further props are given. */
function synthesize(definition: object, extra: object = {}): Template {
  return inApp({}, (app) => {
    const stack = new Stack(app, 'test');
    const made = new Function(stack, 'Function', {
      code: Code.fromInline('export const handler = () => {}'),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
    });
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- CDK does not tell absent members from undefined ones, the strict types here do
    const version = made.currentVersion as IVersion;
    const props = { definition: JSON.stringify(definition), functions: { WorkFunction: version } };
    new ReleaseWorkflow(stack, 'Release', { ...props, logRetention: RetentionDays.ONE_DAY, ...extra });
    return Template.fromStack(stack);
  });
}

const right = {
  Comment: 'Works.',
  TimeoutSeconds: 60,
  StartAt: 'Work',
  States: { Work: { Type: 'Task', Resource: '${WorkFunction}', End: true } },
};

describe('a state machine from a file', () => {
  test('is taken as it is', () => {
    synthesize(right).hasResourceProperties('AWS::StepFunctions::StateMachine', {
      DefinitionString: JSON.stringify(right),
    });
  });

  test.each(['comment', 'timeout'])('%s beside the definition is refused: CDK would drop it without a word', (prop) => {
    expect(() => synthesize(right, { [prop]: 'x' })).toThrow(`${prop} would have no effect`);
  });

  test('must have a timeout of its own', () => {
    expect(() => synthesize({ ...right, TimeoutSeconds: undefined })).toThrow('TimeoutSeconds');
  });

  test('a ${Name} that nothing stands for is refused', () => {
    expect(() => synthesize({ ...right, Comment: '${OtherFunction}' })).toThrow('nothing stands for OtherFunction');
  });

  test('a function that it never calls is refused', () => {
    expect(() => synthesize({ ...right, States: {} })).toThrow('WorkFunction is never called');
  });
});
