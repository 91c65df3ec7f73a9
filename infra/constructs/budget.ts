import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';

export interface BudgetProps {
  /** What the account may cost in a month, in USD. */
  readonly limit: number;
  /** Whom it tells. */
  readonly topic: ITopic;
}

/**
 * Tells when the account's month costs more than planned: four fifths are spent, or the forecast is above the limit.
 * A budget is of the whole account, whatever region its stack is in, and costs nothing. It has no name of its own: its
 * notifications can only be changed by a budget in its place, and two of one name cannot be.
 */
export class Budget extends Construct {
  constructor(scope: Construct, id: string, { limit, topic }: BudgetProps) {
    super(scope, id);
    const above = (threshold: number, notificationType: 'ACTUAL' | 'FORECASTED') => ({
      notification: { notificationType, comparisonOperator: 'GREATER_THAN', threshold, thresholdType: 'PERCENTAGE' },
      subscribers: [{ subscriptionType: 'SNS', address: topic.topicArn }],
    });
    const budget = new CfnBudget(this, 'Month', {
      budget: { budgetType: 'COST', timeUnit: 'MONTHLY', budgetLimit: { amount: limit, unit: 'USD' } },
      notificationsWithSubscribers: [above(80, 'ACTUAL'), above(100, 'FORECASTED')],
    });
    // Budgets tries whether it may publish when the subscriber is made.
    budget.node.addDependency(topic);
  }
}
