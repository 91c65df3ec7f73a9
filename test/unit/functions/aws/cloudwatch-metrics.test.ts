import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { expect, test } from 'vitest';
import { CloudWatchMetrics } from '#aws/cloudwatch-metrics.ts';
import type { Settings } from '#core/contract/settings.ts';
import { cloud } from '../../../../packages/local-aws/test/fixtures/cloud.ts';
import { SETTINGS } from '../../../fixtures/settings.ts';

const started = cloud();
const metrics = () => new CloudWatchMetrics(new CloudWatchClient(started().client));

/** The current minute's beginning, so that the emulator's retention keeps it; nothing depends on which one it is. */
const MINUTE = Math.floor(Date.now() / 60_000) * 60_000;
const at = (seconds: number) => new Date(MINUTE + seconds * 1000).toISOString();

/** Settings of a load balancer that no other test has. */
function settingsOf(name: string): Settings {
  const { slots } = SETTINGS.infrastructure;
  const arn = (rest: string) => `arn:aws:elasticloadbalancing:us-east-1:000000000000:${rest}`;
  return {
    ...SETTINGS,
    infrastructure: {
      ...SETTINGS.infrastructure,
      loadBalancer: arn(`loadbalancer/app/${name}/50dc6c495c0c9188`),
      slots: {
        blue: { ...slots.blue, targetGroup: arn(`targetgroup/${name}-blue/1111111111111111`) },
        green: { ...slots.green, targetGroup: arn(`targetgroup/${name}-green/2222222222222222`) },
      },
    },
  };
}

/** One datapoint as the load balancer reports it: its sum over a minute. */
async function report(name: string, slot: string, MetricName: string, Value: number, seconds: number): Promise<void> {
  const id = slot === 'blue' ? '1111111111111111' : '2222222222222222';
  await new CloudWatchClient(started().client).send(
    new PutMetricDataCommand({
      Namespace: 'AWS/ApplicationELB',
      MetricData: [
        {
          MetricName,
          Value,
          Timestamp: new Date(at(seconds)),
          Dimensions: [
            { Name: 'TargetGroup', Value: `targetgroup/${name}-${slot}/${id}` },
            { Name: 'LoadBalancer', Value: `app/${name}/50dc6c495c0c9188` },
          ],
        },
      ],
    }),
  );
}

test('counts are the sums of whole minutes, of one slot', async () => {
  await report('sums', 'blue', 'RequestCount', 100, -120);
  await report('sums', 'blue', 'RequestCount', 40, -60);
  await report('sums', 'blue', 'RequestCount', 2, 0);
  await report('sums', 'blue', 'HTTPCode_Target_5XX_Count', 3, -60);
  await report('sums', 'green', 'RequestCount', 7, -60);
  const settings = settingsOf('sums');
  expect(await metrics().counts(settings, 'blue', at(-30), at(20))).toEqual({ requests: 42, targetErrors: 3 });
  expect(await metrics().counts(settings, 'blue', at(-60), at(0))).toEqual({ requests: 40, targetErrors: 3 });
  expect(await metrics().counts(settings, 'green', at(-30), at(20))).toEqual({ requests: 7, targetErrors: 0 });
});

test('no datapoint is no request', async () => {
  expect(await metrics().counts(settingsOf('quiet'), 'blue', at(-60), at(0))).toEqual({ requests: 0, targetErrors: 0 });
});

test('a period of its own cuts the time by it', async () => {
  for (const seconds of [-10, -8, -6]) await report('short', 'blue', 'RequestCount', 1, seconds);
  const settings = { ...settingsOf('short'), analysis: { ...SETTINGS.analysis, period: '2s' } };
  expect(await metrics().counts(settings, 'blue', at(-7), at(-5))).toEqual({ requests: 2, targetErrors: 0 });
});

/** What GetMetricData answers, page by page: the result of each count. */
function answering(...pages: { readonly StatusCode: string; readonly Values: readonly number[] }[][]) {
  const client = new CloudWatchClient(started().client);
  let page = 0;
  // In place of the transport, since no emulator fails in part.
  client.middlewareStack.add(
    () => async () => {
      const [requests, targetErrors] = pages[page] ?? [];
      page += 1;
      const output = {
        $metadata: {},
        MetricDataResults: [
          { Id: 'requests', ...requests },
          { Id: 'targetErrors', ...targetErrors },
        ],
        ...(page < pages.length ? { NextToken: String(page) } : {}),
      };
      return { output, response: {} };
    },
    { step: 'initialize' },
  );
  return new CloudWatchMetrics(client).counts(SETTINGS, 'blue', at(-60), at(0));
}

const complete = (...Values: number[]) => ({ StatusCode: 'Complete', Values });

test('datapoints come in pages', async () => {
  const first = [{ StatusCode: 'PartialData', Values: [1, 2] }, complete(5)];
  expect(await answering(first, [complete(4), complete()])).toEqual({ requests: 7, targetErrors: 5 });
});

test.each(['InternalError', 'PartialData', 'Forbidden'])(
  'a count that CloudWatch gives as %s is no count',
  async (StatusCode) => {
    await expect(answering([complete(9), { StatusCode, Values: [] }])).rejects.toThrow(
      `CloudWatch could not tell the targetErrors of blue: ${StatusCode}`,
    );
  },
);
