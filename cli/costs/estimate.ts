import { seconds } from '#core/contract/duration.ts';
import { SLOTS } from '#core/contract/slot.ts';
import type { Environments, EnvironmentTarget } from '../../infra/environments/schema.ts';
import type { Template } from '../deploy/assembly.ts';
import { PRICES, type PriceName } from './prices.ts';
import { HOURS, type Item, RESOURCES } from './resources.ts';

/** What a resource type, or something that Farol runs, costs in a month. */
export interface Line {
  readonly what: string;
  readonly count: number;
  readonly items: readonly Item[];
  readonly note: string;
}

/** Dollars of some items. */
export function dollars(items: readonly Item[]): number {
  return items.reduce((sum, { price, quantity }) => sum + PRICES[price].usd * quantity, 0);
}

/** Resource types of templates whose costs are not known. */
export function unknownTypes(templates: readonly Template[]): string[] {
  const types = templates.flatMap(({ Resources }) => Object.values(Resources).map(({ Type }) => Type));
  return [...new Set(types)].filter((type) => !(type in RESOURCES)).toSorted();
}

/** What an idle month costs, line by line: what the templates make, and what Farol runs there. */
export function idleMonth({ targets }: Environments, templates: readonly Template[]): Line[] {
  const [target] = targets;
  if (target === undefined) throw new RangeError('there is no target');
  const lines = new Map<string, Line>();
  for (const { Type, Properties = {} } of templates.flatMap(({ Resources }) => Object.values(Resources))) {
    const costing = RESOURCES[Type];
    if (costing === undefined || 'free' in costing) continue;
    const { count, items } = lines.get(Type) ?? { count: 0, items: [] };
    const more = costing.items(Properties, target);
    lines.set(Type, { what: Type, count: count + 1, items: [...items, ...more], note: costing.note });
  }
  return [...targets.map((one) => tasks(one)), ...watching(targets.length), ...lines.values()].map(merged);
}

/**
 * Alarms that Application Auto Scaling makes for a policy: one to scale out, one to scale in (Application Auto Scaling User Guide,
 * "How target tracking scaling works").
 */
const ALARMS_OF_A_POLICY = 2;

/** Custom metrics of a target, by the report that sends them (docs/observability.md). */
const METRICS_OF_A_TARGET = 3;

/** What watches targets and stands in no template: Farol's own metrics, and alarms of the policies that Farol gives each slot. */
function watching(targets: number): Line[] {
  const alarms = targets * SLOTS.length * ALARMS_OF_A_POLICY;
  const metrics = targets * METRICS_OF_A_TARGET;
  return [
    {
      what: 'alarms of target tracking',
      count: alarms,
      items: [{ price: 'alarmMonth', quantity: alarms }],
      note: 'two for each slot, made by Application Auto Scaling; they count among the 10 that are free',
    },
    {
      what: 'custom metrics',
      count: metrics,
      items: [{ price: 'metricMonth', quantity: metrics }],
      note: 'three for each target; 10 of the account are free',
    },
  ];
}

/** The tasks of the live slot at their least, with their public addresses. */
function tasks(target: EnvironmentTarget): Line {
  const { capacity, network } = target;
  const count = capacity.min;
  return {
    what: `tasks of ${target.app} on Fargate`,
    count,
    items: [
      ...taskHours(target, count * HOURS),
      ...(network.egress.by === 'public address'
        ? [{ price: 'publicAddressHour' as const, quantity: count * HOURS }]
        : []),
    ],
    note: network.egress.by === 'public address' ? 'with a public IPv4 address each' : '',
  };
}

function taskHours({ service }: EnvironmentTarget, hours: number): Item[] {
  const [vcpu, gib]: [PriceName, PriceName] =
    service.architecture === 'ARM64'
      ? ['fargateVcpuHour', 'fargateGibHour']
      : ['fargateX86VcpuHour', 'fargateX86GibHour'];
  return [
    { price: vcpu, quantity: (hours * service.cpu) / 1024 },
    { price: gib, quantity: (hours * service.memory) / 1024 },
  ];
}

/** Rough sizes of one deployment, from the workflow as it is: they make cents. */
const DEPLOYMENT = { buildMinutes: 8, pipelineMinutes: 9, transitions: 150, calls: 250, gibSeconds: 250 * 0.5 };

/** What one deployment costs beside the idle month: the other slot for its time, a build, the orchestrator's work. */
export function oneDeployment(target: EnvironmentTarget): Line[] {
  const bakes = target.traffic.reduce((sum, { bake }) => sum + seconds(bake), 0);
  const warm = seconds(target.warm);
  const hours = (target.capacity.min * (bakes + warm + 600)) / 3600;
  return [
    {
      what: 'the other slot',
      count: target.capacity.min,
      items: taskHours(target, hours),
      note: `bakes ${bakes / 60} min, warm ${warm / 60} min, start and settling 10 min`,
    },
    {
      what: 'build and pipeline',
      count: 1,
      items: [
        { price: 'buildMinute', quantity: DEPLOYMENT.buildMinutes },
        { price: 'pipelineMinute', quantity: DEPLOYMENT.pipelineMinutes },
      ],
      note: 'free within the 100 minutes of a month',
    },
    {
      what: 'orchestrator',
      count: 1,
      items: [
        { price: 'transition', quantity: DEPLOYMENT.transitions },
        { price: 'lambdaMillion', quantity: DEPLOYMENT.calls / 1e6 },
        { price: 'lambdaGibSecond', quantity: DEPLOYMENT.gibSeconds },
      ],
      note: 'free within what is free for ever, for about 25 deployments a month',
    },
  ];
}

/** Items of one price as one. */
function merged(line: Line): Line {
  const sums = new Map<PriceName, number>();
  for (const { price, quantity } of line.items) sums.set(price, (sums.get(price) ?? 0) + quantity);
  return { ...line, items: [...sums].map(([price, quantity]) => ({ price, quantity })) };
}

/** Dollars of all lines. */
export function total(lines: readonly Line[]): number {
  return lines.reduce((sum, { items }) => sum + dollars(items), 0);
}
