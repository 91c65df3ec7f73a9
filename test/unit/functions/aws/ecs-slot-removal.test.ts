import { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling';
import { ListServicesCommand } from '@aws-sdk/client-ecs';
import { DescribeRulesCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { expect, test } from 'vitest';
import { EcsSlotControl } from '#aws/ecs-slot-control.ts';
import { EcsSlotRemoval } from '#aws/ecs-slot-removal.ts';
import { buildStage, until } from '../../../../packages/local-aws/test/fixtures/data-plane.ts';
import { ecsCloud, SERVE, settingsIn } from './ecs-cloud.ts';
import { release } from './releases.ts';

const started = ecsCloud();

test('what converge made in a place is taken away, and a second time finds nothing', async () => {
  const { client, ecs, logs, plane } = started();
  const settings = settingsIn('gone', await buildStage(plane, { 'deregistration_delay.timeout_seconds': '10' }));
  const clients = {
    ecs,
    autoScaling: new ApplicationAutoScalingClient(client),
    loadBalancing: new ElasticLoadBalancingV2Client(client),
  };
  const control = new EcsSlotControl({ ...clients, logs });
  const taskDefinition = await control.registerTaskDefinition(
    settings,
    release('v1.0.0', { start: SERVE }),
    'blue',
    'd',
  );
  await control.apply(settings, { do: 'create service', slot: 'blue', taskDefinition });
  await control.apply(settings, { do: 'fill slot', slot: 'blue', taskDefinition, desired: 1 });
  await control.apply(settings, {
    do: 'register scalable target',
    slot: 'blue',
    min: 1,
    max: 2,
    scaleIn: true,
    scaleOut: true,
  });
  await control.apply(settings, { do: 'create rule', weights: { blue: 100, green: 0 } });
  await until('a task', async () => (await control.observe(settings)).slots.blue.tasks.length === 1);

  const removal = new EcsSlotRemoval(clients);
  const { cluster, productionListener: listener } = settings.infrastructure;
  expect(await removal.tasksLeft({ cluster, listener })).toBe(1);
  const remove = async () => {
    await removal.removeRules({ cluster, listener });
    await removal.removeServices({ cluster, listener });
  };
  await remove();
  await remove();
  await until('no task', async () => (await removal.tasksLeft({ cluster, listener })) === 0);
  const { Rules = [] } = await clients.loadBalancing.send(new DescribeRulesCommand({ ListenerArn: listener }));
  expect(Rules.map(({ IsDefault }) => IsDefault)).toEqual([true]);
  expect((await ecs.send(new ListServicesCommand({ cluster }))).serviceArns).toEqual([]);
});

test('a place that is gone already holds nothing', async () => {
  const { client, ecs } = started();
  const removal = new EcsSlotRemoval({
    ecs,
    autoScaling: new ApplicationAutoScalingClient(client),
    loadBalancing: new ElasticLoadBalancingV2Client(client),
  });
  const nowhere = {
    cluster: 'nowhere',
    listener: 'arn:aws:elasticloadbalancing:us-east-1:000000000000:listener/app/nowhere/1/2',
  };
  await removal.removeRules(nowhere);
  await removal.removeServices(nowhere);
  expect(await removal.tasksLeft(nowhere)).toBe(0);
});
