import { secretPrefix, type TaskRoleKind, targetNames, taskRoleNames } from './target-names.ts';

/** A part of a target's settings that names what is not the target's own. */
export interface ForeignName {
  readonly path: readonly (string | number)[];
  /** What was found and what would be right, in a sentence. */
  readonly message: string;
}

type Secrets = Readonly<Record<string, string>>;

/** Everything of a target's settings that names a resource. */
interface Named {
  readonly app: string;
  readonly environment: string;
  readonly repository: string;
  readonly services: readonly { readonly secrets: Secrets }[];
  readonly tasks: {
    readonly migrate: { readonly taskRole: string; readonly secrets: Secrets };
    readonly plan: { readonly taskRole: string; readonly executionRole: string; readonly secrets: Secrets };
  };
  readonly database?: { readonly function: string } | undefined;
  readonly infrastructure: {
    readonly region: string;
    readonly cluster: string;
    readonly loadBalancer: string;
    readonly productionListener: string;
    readonly slots: Readonly<Record<'blue' | 'green', { readonly targetGroup: string }>>;
    readonly prober?: string | undefined;
    readonly logGroup: string;
    readonly executionRole: string;
    readonly taskRole: string;
    readonly repositoryUri: string;
  };
}

/**
 * The parts of a target's settings that name what is not its own: another target's cluster, load balancer, roles, functions or
 * secrets. Where a target runs and by what roles follows from its name (target-names.ts), so that settings cannot lead a deployment to
 * another target. What AWS draws itself (subnets, security groups) has no name to be judged by.
 */
export function foreignNames(settings: Named): ForeignName[] {
  const { app, environment, infrastructure, tasks, database, services } = settings;
  const target = `${app}/${environment}`;
  const names = targetNames(app, environment);
  const { account, region } = arnParts(infrastructure.productionListener);
  const roles = taskRoleNames(app, environment, region);
  const found: ForeignName[] = [];
  const judge = (path: ForeignName['path'], got: string | undefined, right: string, own: (got: string) => boolean) => {
    if (got === undefined || own(got)) return;
    found.push({ path, message: `${JSON.stringify(got)} is not of ${target}: ${right}` });
  };
  const exactly = (path: ForeignName['path'], got: string | undefined, right: string) =>
    judge(path, got, `it must be ${right}`, (given) => given === right);
  const arn = (path: ForeignName['path'], got: string | undefined, service: string, resource: string) =>
    judge(path, got, `it must be an ARN of ${service} in account ${account} that goes on ${resource}`, (given) => {
      const parts = arnParts(given);
      const goesOn = resource.endsWith('/') ? parts.resource.startsWith(resource) : parts.resource === resource;
      return parts.service === service && parts.account === account && goesOn;
    });
  const balancing = (path: ForeignName['path'], got: string, resource: string) =>
    arn(['infrastructure', ...path], got, 'elasticloadbalancing', resource);
  const role = (path: ForeignName['path'], got: string, kind: TaskRoleKind) =>
    arn(path, got, 'iam', `role/${roles[kind]}`);
  const secrets = (path: ForeignName['path'], given: Secrets) => {
    for (const [variable, value] of Object.entries(given))
      judge(
        [...path, variable],
        value,
        `it must be the ARN of a secret whose name begins with ${secretPrefix(target)}, or of a parameter below /${secretPrefix(target)}, in account ${account}`,
        (got) => {
          const parts = arnParts(got);
          const begin = new Map([
            ['secretsmanager', `secret:${secretPrefix(target)}`],
            ['ssm', `parameter/${secretPrefix(target)}`],
          ]).get(parts.service);
          return begin !== undefined && parts.account === account && parts.resource.startsWith(begin);
        },
      );
  };

  exactly(['repository'], settings.repository, app);
  exactly(['infrastructure', 'region'], infrastructure.region, region);
  exactly(['infrastructure', 'cluster'], infrastructure.cluster, names.slug);
  balancing(['loadBalancer'], infrastructure.loadBalancer, `loadbalancer/app/${names.slug}/`);
  balancing(['productionListener'], infrastructure.productionListener, `listener/app/${names.slug}/`);
  for (const slot of ['blue', 'green'] as const)
    balancing(
      ['slots', slot, 'targetGroup'],
      infrastructure.slots[slot].targetGroup,
      `targetgroup/${names.targetGroups[slot]}/`,
    );
  exactly(['infrastructure', 'prober'], infrastructure.prober, names.probe);
  exactly(['infrastructure', 'logGroup'], infrastructure.logGroup, names.logGroup);
  judge(['infrastructure', 'repositoryUri'], infrastructure.repositoryUri, `it must end in /${app}`, (got) =>
    got.endsWith(`/${app}`),
  );
  role(['infrastructure', 'executionRole'], infrastructure.executionRole, 'execution');
  role(['infrastructure', 'taskRole'], infrastructure.taskRole, 'task');
  role(['tasks', 'migrate', 'taskRole'], tasks.migrate.taskRole, 'migration');
  role(['tasks', 'plan', 'taskRole'], tasks.plan.taskRole, 'plan');
  role(['tasks', 'plan', 'executionRole'], tasks.plan.executionRole, 'planExecution');
  exactly(['database', 'function'], database?.function, names.database);
  for (const [i, service] of services.entries()) secrets(['services', i, 'secrets'], service.secrets);
  secrets(['tasks', 'migrate', 'secrets'], tasks.migrate.secrets);
  secrets(['tasks', 'plan', 'secrets'], tasks.plan.secrets);
  return found;
}

/** `arn:<partition>:<service>:<region>:<account>:<resource>`. */
function arnParts(arn: string): { service: string; region: string; account: string; resource: string } {
  const [, , service = '', region = '', account = '', ...resource] = arn.split(':');
  return { service, region, account, resource: resource.join(':') };
}
