import type { Template } from 'aws-cdk-lib/assertions';
import * as z from 'zod';
import { resources } from './synthesized.ts';

const Statistic = z.looseObject({
  Id: z.string(),
  ReturnData: z.boolean().default(true),
  Expression: z.string().optional(),
  Period: z.int().optional(),
  MetricStat: z
    .looseObject({ Metric: z.looseObject({ Namespace: z.string(), MetricName: z.string() }), Period: z.int() })
    .optional(),
});

/** An alarm as a template has it. */
export const AlarmProperties = z.looseObject({
  AlarmName: z.string(),
  AlarmDescription: z.string(),
  Metrics: z.array(Statistic).optional(),
  MetricName: z.string().optional(),
  Namespace: z.string().optional(),
  Period: z.int().optional(),
  Threshold: z.number(),
  ComparisonOperator: z.string(),
  DatapointsToAlarm: z.int(),
  EvaluationPeriods: z.int(),
  TreatMissingData: z.string(),
  AlarmActions: z.array(z.unknown()),
  OKActions: z.array(z.unknown()),
});
export type AlarmProperties = z.infer<typeof AlarmProperties>;

/** Every alarm of some templates. */
export function alarmsOf(templates: readonly Template[]): AlarmProperties[] {
  return templates.flatMap((template) =>
    Object.values(resources(template, 'AWS::CloudWatch::Alarm')).map(({ Properties }) =>
      AlarmProperties.parse(Properties),
    ),
  );
}

/** Of an alarm whose metric is an expression. */
export function expressionOf({ Metrics = [] }: AlarmProperties): string {
  return Metrics.find(({ ReturnData }) => ReturnData)?.Expression ?? '';
}
