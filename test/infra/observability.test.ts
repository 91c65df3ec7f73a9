import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { ORCHESTRATOR } from '../../infra/names.ts';
import { alarmsOf } from './alarms.ts';
import { ACCOUNT, environmentsIn, resources, synthesized, templateOf } from './synthesized.ts';

const templates = synthesized();
const orchestrator = templateOf(templates, ORCHESTRATOR.stack);
const service = templateOf(templates, 'web-production-service');

describe('the topic of notices', () => {
  const Policy = z.looseObject({
    PolicyDocument: z.looseObject({ Statement: z.array(z.looseObject({ Sid: z.string() })) }),
  });
  const [policy] = Object.values(resources(orchestrator, 'AWS::SNS::TopicPolicy')).map(({ Properties }) =>
    Policy.parse(Properties),
  );

  test.each([
    ['cloudwatch', `arn:aws:cloudwatch:us-east-1:${ACCOUNT}:alarm:*`],
    ['budgets', `arn:aws:budgets::${ACCOUNT}:*`],
  ])('takes messages of %s, of this account alone', (name, source) => {
    expect(policy?.PolicyDocument.Statement).toContainEqual({
      Sid: `Publish-${name}`,
      Effect: 'Allow',
      Principal: { Service: `${name}.amazonaws.com` },
      Action: 'sns:Publish',
      Resource: expect.anything(),
      Condition: { StringEquals: { 'aws:SourceAccount': ACCOUNT }, ArnLike: { 'aws:SourceArn': source } },
    });
  });

  test('is what alarms tell, by the name that it has', () => {
    orchestrator.hasResourceProperties('AWS::SNS::Topic', { TopicName: ORCHESTRATOR.topic });
    const told = alarmsOf(Object.values(templates)).flatMap(({ AlarmActions }) => AlarmActions);
    expect(new Set(told)).toEqual(new Set([`arn:aws:sns:us-east-1:${ACCOUNT}:${ORCHESTRATOR.topic}`]));
  });
});

describe('the budget', () => {
  test('tells when four fifths are spent, and when the month will cost more', () => {
    const [budget] = Object.values(resources(orchestrator, 'AWS::Budgets::Budget'));
    expect(budget?.Properties).toMatchObject({
      // Unnamed: CloudFormation replaces a budget whose notifications change, and two of one name cannot be.
      Budget: { BudgetType: 'COST', TimeUnit: 'MONTHLY', BudgetLimit: { Amount: 400, Unit: 'USD' } },
      NotificationsWithSubscribers: [
        { Notification: { NotificationType: 'ACTUAL', Threshold: 80 }, Subscribers: [{ SubscriptionType: 'SNS' }] },
        {
          Notification: { NotificationType: 'FORECASTED', Threshold: 100 },
          Subscribers: [{ SubscriptionType: 'SNS' }],
        },
      ],
    });
    expect(budget?.Properties['Budget']).not.toHaveProperty('BudgetName');
  });

  test('is left out where none is set', () => {
    const environments = environmentsIn();
    const { budget: _budget, ...without } = environments.orchestrator;
    const template = templateOf(synthesized({ ...environments, orchestrator: without }), ORCHESTRATOR.stack);
    template.resourceCountIs('AWS::Budgets::Budget', 0);
  });
});

describe('traces', () => {
  test('are of every execution and every function', () => {
    const functions = [orchestrator, service]
      .flatMap((template) => Object.values(resources(template, 'AWS::Lambda::Function')))
      // CDK's own, which deletes and makes what CloudFormation cannot, have no name.
      .filter(({ Properties }) => Properties['FunctionName'] !== undefined);
    expect(functions.length).toBeGreaterThan(10);
    for (const { Properties } of functions) expect(Properties).toMatchObject({ TracingConfig: { Mode: 'Active' } });
    orchestrator.hasResourceProperties('AWS::StepFunctions::StateMachine', { TracingConfiguration: { Enabled: true } });
  });
});

describe('the dashboard of a target', () => {
  const Widget = z.looseObject({ type: z.string(), x: z.int(), width: z.int(), properties: z.looseObject({}) });
  const [dashboard] = Object.values(resources(service, 'AWS::CloudWatch::Dashboard'));
  const Joined = z.looseObject({ 'Fn::Join': z.tuple([z.literal(''), z.array(z.unknown())]) });
  const parts = Joined.parse(dashboard?.Properties['DashboardBody'])['Fn::Join'][1];
  const body: unknown = JSON.parse(parts.map((part) => (typeof part === 'string' ? part : 'made-by-AWS')).join(''));
  const { widgets } = z.looseObject({ widgets: z.array(Widget) }).parse(body);
  const titles = widgets.map(({ properties }) => properties['title']);

  test('is one, called after the target', () => {
    expect(dashboard?.Properties['DashboardName']).toBe('farol-web-production');
    service.resourceCountIs('AWS::CloudWatch::Dashboard', 1);
  });

  test('shows users, tasks, deployments, database, alarms and errors, and fits the page', () => {
    for (const title of ['Requests a minute', 'Healthy tasks', 'Database: connections', 'Alarms'])
      expect(titles).toContain(title);
    expect(titles.join('\n')).toMatch(/5xx[^]*Answer times[^]*Live slot[^]*Executions[^]*Latest errors/);
    for (const { x, width } of widgets) expect(x + width).toBeLessThanOrEqual(24);
  });

  test('shows every alarm of the target', () => {
    const shown = widgets.find(({ type }) => type === 'alarm')?.properties['alarms'];
    expect(shown).toHaveLength(alarmsOf([service]).length);
  });

  test('draws what is live, and what is not, of the slots that there are', () => {
    const requests = JSON.stringify(widgets.find(({ properties }) => properties['title'] === 'Requests a minute'));
    expect(requests).toContain('IF(FILL(live, REPEAT) == 1, blue, IF(FILL(live, REPEAT) == 2, green, 0))');
    expect(requests).toContain('IF(FILL(live, REPEAT) == 1, green, IF(FILL(live, REPEAT) == 2, blue, 0))');
  });

  test('links to where one looks next', () => {
    const text = JSON.stringify(widgets.find(({ type }) => type === 'text'));
    for (const link of [
      'stateMachine:farol-release',
      '/clusters/web-production/',
      '$252Ffarol$252Fweb$252Fproduction',
      'docs/runbooks/README.md',
    ])
      expect(text).toContain(link);
  });
});

test('docs/observability.md has every alarm', () => {
  const text = readFileSync(resolve(import.meta.dirname, '../../docs/observability.md'), 'utf8');
  for (const { AlarmName } of alarmsOf(Object.values(templates))) {
    const name = AlarmName.replace(/^farol-web-production-/, 'farol-<target>-');
    const last = name.slice(name.lastIndexOf('-'));
    expect(
      [`\`${name}\``, `\`${last}\``].some((written) => text.includes(written)),
      name,
    ).toBe(true);
  }
});
