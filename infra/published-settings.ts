import * as z from 'zod';
import { LONGEST_SETTINGS } from '#core/contract/bounds.ts';
import { LOAD_BALANCER_HEADER, type Settings } from '#core/contract/settings.ts';
import type { EnvironmentTarget } from './environments/schema.ts';
import { repositoryName } from './names.ts';

type Task = Settings['tasks']['migrate'];

/** What the service stack has made for a target, as far as its settings name it. */
export interface MadeForTarget {
  readonly infrastructure: Settings['infrastructure'];
  /** Names by which users come, the first of them the one to use. */
  readonly hosts: readonly [string, ...string[]];
  /** Whether users come by CloudFront, and in which header it says their protocol. */
  readonly edge: { readonly protocolHeader: string } | undefined;
  /** Variables with which any task finds the database, and those of the user that each kind of task comes as. */
  readonly database: {
    readonly function: string;
    readonly environment: Readonly<Record<string, string>>;
    readonly application: Readonly<Record<string, string>>;
    readonly migrator: Readonly<Record<string, string>>;
    readonly planner: Readonly<Record<string, string>>;
  };
  /** ARN of the secret that the application signs with. */
  readonly secretKey: string;
  readonly migration: Pick<Task, 'taskRole'>;
  readonly plan: Pick<Settings['tasks']['plan'], 'taskRole' | 'executionRole' | 'securityGroups'>;
}

/**
 * The settings of a target as Farol reads them: what its environment says, and what the stack has made for it. What an environment
 * gives the application wins over what is made up here.
 */
export function publishedSettings(target: EnvironmentTarget, made: MadeForTarget): Settings {
  const { port: _port, insights: _insights, ...service } = target.service;
  const { database } = made;
  return {
    app: target.app,
    environment: target.environment,
    source: target.source,
    repository: repositoryName(target.app),
    address: addressOf(target, made),
    protocolHeader: made.edge?.protocolHeader ?? target.protocolHeader ?? LOAD_BALANCER_HEADER,
    services: [
      {
        ...service,
        environment: {
          ...database.environment,
          ...database.application,
          ALLOWED_HOSTS: made.hosts.join(','),
          ...service.environment,
        },
        secrets: { SECRET_KEY: made.secretKey },
      },
    ],
    tasks: {
      migrate: { environment: { ...database.migrator }, secrets: {}, ...made.migration },
      plan: { environment: { ...database.planner }, secrets: {}, ...made.plan },
    },
    database: {
      function: database.function,
      ...(target.database.migrations && { migrations: target.database.migrations }),
    },
    capacity: target.capacity,
    health: target.health,
    drain: target.drain,
    migrate: target.migrate,
    candidate: target.candidate,
    traffic: target.traffic,
    analysis: target.analysis,
    provenance: target.provenance,
    scan: target.scan,
    ...(target.approval && { approval: target.approval }),
    warm: target.warm,
    poll: target.poll,
    infrastructure: made.infrastructure,
  };
}

/** Bytes that stand for one value which CloudFormation fills in: ARNs of what a target has are shorter. */
const FILLED_IN = 160;

/**
 * Why a target's settings are too long to be published, in words; undefined: they are not.
 * @param json as a template has it: texts, with what CloudFormation fills in between them
 */
export function tooLongToPublish(json: unknown): string | undefined {
  const bytes = bytesOf(json);
  if (bytes <= LONGEST_SETTINGS) return undefined;
  return `its settings have about ${bytes} bytes as JSON, and Parameter Store takes ${LONGEST_SETTINGS}: shorten service.environment, or put long values into the image or a secret`;
}

function bytesOf(json: unknown): number {
  if (typeof json === 'string') return Buffer.byteLength(json);
  if (Array.isArray(json)) return json.map(bytesOf).reduce((sum, bytes) => sum + bytes, 0);
  const { 'Fn::Join': join } = z
    .object({ 'Fn::Join': z.tuple([z.string(), z.array(z.unknown())]).optional() })
    .parse(json);
  return join === undefined ? FILLED_IN : bytesOf(join[1]);
}

/** Where users come: by HTTPS to the edge, else to what the environment says, else to the load balancer. */
function addressOf({ address }: EnvironmentTarget, { edge, hosts: [host] }: MadeForTarget): string {
  return edge === undefined ? (address ?? `http://${host}`) : `https://${host}`;
}
