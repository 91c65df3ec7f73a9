import type { Environments } from '../../infra/environments/schema.ts';
import type { Template } from '../deploy/assembly.ts';
import { dollars, idleMonth, type Line, oneDeployment, total } from './estimate.ts';
import { PRICES, type Price } from './prices.ts';
import { HOURS, RESOURCES } from './resources.ts';

/** One of the two sizes. */
export interface Profile {
  readonly environments: Environments;
  readonly templates: readonly Template[];
}

/** docs/costs.md as a whole. */
export function costsPage({ starter, production }: Record<'starter' | 'production', Profile>): string {
  const [small, large] = [idle(starter), idle(production)];
  const cost = (name: string) => [small, large].reduce((sum, lines) => sum + dollars(lines.get(name)?.items ?? []), 0);
  const names = [...new Set([...small.keys(), ...large.keys()])].toSorted(
    (a, b) => cost(b) - cost(a) || a.localeCompare(b),
  );
  const used = new Set<string>(
    [...small.values(), ...large.values(), ...deployments(starter)].flatMap(({ items }) =>
      items.map(({ price }) => price),
    ),
  );
  return `${INTRODUCTION}
## An idle month

Without visitors and deployments: ${money(total([...small.values()]))} for \`starter\`, ${money(total([...large.values()]))} for \`production\`.

| what | starter | | production | | remark |
|---|--:|--:|--:|--:|---|
${names.map((name) => idleRow(name, small.get(name), large.get(name))).join('\n')}
| **together** | | **${money(total([...small.values()]))}** | | **${money(total([...large.values()]))}** | |

## A deployment

Beside that, each of them costs about ${money(total(deployments(starter)))} for \`starter\`, ${money(total(deployments(production)))} for \`production\`.

| what | starter | production | in \`starter\` |
|---|--:|--:|---|
${deployments(starter)
  .map((line, i) => `| ${line.what} | ${cents(line)} | ${cents(deployments(production)[i])} | ${line.note} |`)
  .join('\n')}

## What is free

${freeList([...starter.templates, ...production.templates])}

## Prices

| price | $ | AWS's page, below aws.amazon.com/ | read |
|---|--:|---|---|
${Object.entries(PRICES)
  .filter(([name]) => used.has(name) || LATER.includes(name))
  .map(([, price]) => priceRow(price))
  .join('\n')}
${REST}`;
}

const INTRODUCTION = `# What it costs

Written by \`npm run costs\` from the templates of both sizes, their settings and the prices in \`cli/costs/prices.ts\`; a test fails when it is out of date, or when a template has a resource type without a price. US dollars in us-east-1, without tax; other regions cost up to half as much again.
No AWS account was at hand: each price says where and when it was read. Look at the page that it names before you decide on it.
`;

/** Of each zone where egress is by endpoints (infra/constructs/network.ts): registry's API and images, logs, secrets. */
export const INTERFACE_ENDPOINTS = 4;

/** Of the managed firewall (infra/constructs/firewall.ts): the limit for an address, and AWS's groups. */
export const FIREWALL_RULES = 4;

/** Prices of what is left or comes with use: listed although no idle month has them. */
const LATER = [
  'snapshotGibMonth',
  'logStorageGibMonth',
  'natGib',
  'loadBalancerUnitHour',
  'webAclMillion',
  'endpointHour',
];

const REST = `
## A new account

Accounts made since July 2025 have credits instead of twelve free months: $100 at once and up to $100 more for first steps (a budget, a function, a database among them), for twelve months; the *free plan* ends after six months or with the credits, and then the account is closed unless it is made a paid one (AWS Billing User Guide, "AWS Free Tier"; read in public summaries of 2025-07 to 2026-05).
\`starter\` for three months lies within $200. On the free plan some services and sizes are refused; Farol has not been tried on it: choose the paid plan, whose credits are the same. Older accounts have 750 hours a month of a small database and of a load balancer free in their first year.
What is free for ever (functions, state transitions, the ledger, builds, ten alarms, three dashboards, 5 GB of logs, 1 TB from CloudFront) is free in every account; the table above does not take it off, except where it says so.
Not free in any plan: tasks on Fargate, public IPv4 addresses beyond those of EC2's free hours, NAT gateways, secrets, the firewall.

## What \`starter\` lacks against \`production\`

| | starter | production | what that means |
|---|---|---|---|
| zones | 2 | 3 | one zone lost: half of the tasks gone, not a third |
| database | one instance | a standby in another zone | a zone or an instance lost: minutes to hours of standstill instead of about a minute |
| backups | 1 day | 14 days | a mistake is noticed within a day, or its data are lost |
| tasks | public subnets, a public address each, nobody may call them | private subnets, out by NAT | one wrong rule in a security group would lay a task open |
| firewall | none | AWS's rule groups, a limit for each address | floods and known attacks reach the application; \`edge.firewall: 'managed'\` adds it for ${money(PRICES.webAclMonth.usd + FIREWALL_RULES * PRICES.webAclRuleMonth.usd)} a month and $${PRICES.webAclMillion.usd} for a million requests |
| flow logs, Container Insights | none | both | less to look at afterwards |
| capacity | 2 to 4 tasks of 0.25 vCPU | 2 to 10 of 0.5 vCPU | |
| logs, kept | two weeks | three months | |
| deletion protection | off | on | \`npm run destroy\` takes all away, but for a last snapshot |
| bakes | 2 + 2 minutes | 5 + 5 + 10 minutes | an error that comes late is seen by everybody |

## Ways out of the network

How tasks reach the registry, logs and secrets is \`network.egress\`, fixed once the network is made. Nobody outside reaches a task by any of them.

| egress | an idle month | what tasks reach | |
|---|---|---|---|
| \`public address\` | ${money(HOURS * PRICES.publicAddressHour.usd)} a task | the whole internet, by HTTPS | a wrong rule in a security group would lay a task open |
| \`endpoints\` | ${money(HOURS * INTERFACE_ENDPOINTS * PRICES.endpointHour.usd)} a zone, beside what goes through | registry, logs, secrets and S3 of the region, nothing else: an application that calls others (mail, payments) cannot | least to lose data through |
| \`nat\` | ${money(HOURS * (PRICES.natHour.usd + PRICES.publicAddressHour.usd))} a gateway, and $${PRICES.natGib.usd} a GB | the whole internet, by HTTPS | with fewer gateways than zones, a zone lost may take the way out of the others with it |

## What comes with use

Load balancer capacity ($${PRICES.loadBalancerUnitHour.usd} for an LCU-hour: 25 new connections a second, or 1 GB an hour), logs ($${PRICES.logGib.usd} a GB), NAT ($${PRICES.natGib.usd} a GB), firewall ($${PRICES.webAclMillion.usd} for a million requests), more tasks as the load grows, the database's storage as it grows.

## What stays after \`npm run destroy\`

The command lists it with the line that removes each: the database's last snapshot ($${PRICES.snapshotGibMonth.usd} for each GB and month), log groups that AWS made ($${PRICES.logStorageGibMonth.usd} for each GB and month), what \`cdk bootstrap\` made (cents). Everything else goes with its stack.
`;

function idle({ environments, templates }: Profile): Map<string, Line> {
  return new Map(idleMonth(environments, templates).map((line) => [line.what, line]));
}

function deployments({ environments: { targets } }: Profile): Line[] {
  return targets.slice(0, 1).flatMap(oneDeployment);
}

function idleRow(name: string, small: Line | undefined, large: Line | undefined): string {
  const notes = [...new Set([small?.note, large?.note].filter(Boolean))].join('; ');
  return `| ${plain(name)} | ${cells(small)} | ${cells(large)} | ${notes} |`;
}

function cells(line: Line | undefined): string {
  return line === undefined ? '– | –' : `${line.count} | ${money(dollars(line.items))}`;
}

function freeList(templates: readonly Template[]): string {
  const reasons = new Map<string, string[]>();
  for (const type of new Set(templates.flatMap(({ Resources }) => Object.values(Resources).map(({ Type }) => Type)))) {
    const costing = RESOURCES[type];
    if (costing === undefined || !('free' in costing)) continue;
    reasons.set(costing.free, [...(reasons.get(costing.free) ?? []), plain(type)]);
  }
  return [...reasons]
    .map(([reason, types]) => `- ${types.toSorted().join(', ')}: ${reason}`)
    .toSorted()
    .join('\n');
}

function priceRow({ usd, per, page, seen }: Price): string {
  return `| ${per} | ${usd} | ${page} | ${seen} |`;
}

/** `AWS::EC2::NatGateway` as people say it. */
function plain(type: string): string {
  return type.replace(/^AWS::/, '').replaceAll('::', ' ');
}

function money(usd: number): string {
  return `$${usd.toFixed(2)}`;
}

function cents(line: Line | undefined): string {
  return line === undefined ? '–' : money(dollars(line.items));
}
