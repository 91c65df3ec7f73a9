import { ArnFormat, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import { ORCHESTRATOR } from '../names.ts';

/**
 * What people are told: by functions, with their own rights, by alarms and by the budget. A policy of its own takes the
 * place of the topic's first one, by which alarms of the account could publish: so they are named here, and nothing
 * else's alarms and budgets (SNS Developer Guide, "Example cases for Amazon SNS access control"; Cost Management User
 * Guide, "Creating an Amazon SNS topic for budget notifications").
 */
export class Notices extends Topic {
  constructor(scope: Construct, id: string, { notify }: { /** Mail addresses. */ readonly notify: readonly string[] }) {
    // Not encrypted by a key: CloudWatch could publish only with a customer managed key, and the messages hold no secret.
    super(scope, id, { topicName: ORCHESTRATOR.topic, enforceSSL: true });
    const stack = Stack.of(this);
    const arn = (service: string, region: string, resource: string) =>
      stack.formatArn({ service, region, resource, arnFormat: ArnFormat.NO_RESOURCE_NAME });
    this.#allow('cloudwatch', arn('cloudwatch', stack.region, 'alarm:*'));
    this.#allow('budgets', arn('budgets', '', '*'));
    for (const address of notify) this.addSubscription(new EmailSubscription(address));
  }

  #allow(service: string, source: string): void {
    this.addToResourcePolicy(
      new PolicyStatement({
        sid: `Publish-${service}`,
        principals: [new ServicePrincipal(`${service}.amazonaws.com`)],
        actions: ['sns:Publish'],
        resources: [this.topicArn],
        conditions: {
          StringEquals: { 'aws:SourceAccount': this.stack.account },
          ArnLike: { 'aws:SourceArn': source },
        },
      }),
    );
  }
}
