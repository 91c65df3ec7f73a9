import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { Template } from '../../cli/deploy/assembly.ts';
import * as environments from '../../infra/environments/environments.ts';
import { synthesized } from './synthesized.ts';

/** The policy that docs/deploy.md gives `cdk bootstrap` in place of an administrator's. */
const POLICY = z
  .object({
    Statement: z.array(
      z.object({
        Effect: z.literal('Allow'),
        Action: z.array(z.string()),
        Resource: z.union([z.string(), z.array(z.string())]),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(resolve(import.meta.dirname, '../../docs/bootstrap-policy.json'), 'utf8')));

/** IAM's prefix of the services whose name in resource types is another. Service Authorization Reference. */
const PREFIXES: Readonly<Record<string, string>> = {
  CertificateManager: 'acm',
  ElasticLoadBalancingV2: 'elasticloadbalancing',
  StepFunctions: 'states',
};

let stacks: { name: string; template: Template }[];
beforeAll(() => {
  const { starter, production, promotion } = environments;
  stacks = [starter, production, promotion].flatMap((value) =>
    Object.entries(synthesized(value)).map(([name, template]) => ({
      name,
      template: Template.parse(template.toJSON()),
    })),
  );
});

const resources = () =>
  stacks.flatMap(({ name, template }) => Object.values(template.Resources).map((one) => ({ name, ...one })));

test('allows every service that the stacks use, and no other', () => {
  const used = resources().flatMap(({ Type }) => {
    const [vendor, service = ''] = Type.split('::');
    return vendor === 'AWS' && service !== 'IAM' ? [`${PREFIXES[service] ?? service.toLowerCase()}:*`] : [];
  });
  // Certificates are made where a target has a domain, which no profile has; its records likewise.
  const withDomain = ['acm:*', 'route53:*'];
  expect(POLICY.Statement[0]?.Action.toSorted()).toEqual([...new Set([...used, ...withDomain])].toSorted());
});

test('lets roles and policies be made by the names that the stacks give them, and no user', () => {
  const { Action = [], Resource = [] } = POLICY.Statement[1] ?? {};
  const begins = [Resource]
    .flat()
    .flatMap((arn) => /^arn:aws:iam::\*:(?:role|policy)\/([a-z]+-)\*$/.exec(arn)?.[1] ?? []);
  expect(begins).toHaveLength([Resource].flat().length);
  const made = resources().filter(({ Type }) => ['AWS::IAM::Role', 'AWS::IAM::ManagedPolicy'].includes(Type));
  expect(made.length).toBeGreaterThan(50);
  for (const { name, Properties = {} } of made) {
    // CloudFormation names what has no name after its stack.
    const called = JSON.stringify(Properties['RoleName'] ?? Properties['ManagedPolicyName'] ?? name);
    expect(
      begins.some((begin) => called.startsWith(`"${begin}`)),
      called,
    ).toBe(true);
  }
  const all = POLICY.Statement.flatMap((one) => one.Action);
  expect(all.filter((action) => /^(?:iam:\*|\*|iam:\w*(?:User|Group|AccessKey|LoginProfile))/.test(action))).toEqual(
    [],
  );
  expect(Action).toContain('iam:CreateRole');
});

test('fits into a managed policy', () => {
  // IAM User Guide, "IAM and AWS STS quotas": 6,144 characters without white space.
  expect(JSON.stringify(POLICY).length).toBeLessThan(6144);
});
