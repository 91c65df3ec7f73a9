import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { Settings } from '#core/contract/settings.ts';
import { SETTINGS_PATH, Target } from '#core/contract/target.ts';
import { changesBetween, isAllowed, type StackPolicy } from '../../infra/environments/immutable-settings.ts';
import type { Database } from '../parts/postgres.ts';
import { databasePasswords } from './database-passwords.ts';
import { type Created, resolveObject } from './intrinsics.ts';
import { makers } from './makers.ts';
import { scaleSettings } from './scale-settings.ts';
import { Template } from './template.ts';
import { updaters } from './updaters.ts';

/** A service stack that was made. */
export interface ServiceStack {
  /** The settings as they were published last. */
  readonly settings: Settings;
  /**
   * Updates it to another template as CloudFormation would: what differs is changed by the calls that CloudFormation
   * makes, and nothing else is touched.
   * @param policy the stack's policy; where it denies a change, nothing is called
   * @returns logical ids of the resources whose change it denies; none: the update is done
   */
  update(template: unknown, policy?: StackPolicy): Promise<string[]>;
}

/**
 * Makes what a target's service stack describes by calls to the local cloud, and publishes the target's settings.
 * Network and roles have no counterpart on one machine: something with a name stands for each. The database is the one
 * that is given, and knows its users by passwords.
 * @param templateFile the synthesized service stack
 * @param gatewayUrl where all AWS calls go
 * @param timeScale by which times are divided, see {@link scaleSettings}
 * @throws {TypeError} where the template holds something that is not known here
 */
export async function applyServiceStack(options: {
  templateFile: string;
  gatewayUrl: string;
  database: Pick<Database, 'host' | 'port' | 'name' | 'master'>;
  timeScale: number;
  accountId?: string;
  region?: string;
}): Promise<ServiceStack> {
  const { accountId = '000000000000', region = 'us-east-1', database } = options;
  let current = Template.parse(JSON.parse(await readFile(options.templateFile, 'utf8')));
  const known = new Map<string, Created>(
    Object.entries({
      'AWS::AccountId': accountId,
      'AWS::Region': region,
      'AWS::Partition': 'aws',
      'AWS::URLSuffix': 'amazonaws.com',
      'AWS::StackName': basename(options.templateFile, '.template.json'),
    }).map(([name, ref]) => [name, { ref }]),
  );
  let settings: Settings | undefined;
  const client = {
    endpoint: options.gatewayUrl,
    region,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    // It does what CloudFormation does on AWS, and so the record of calls names it.
    userAgentAppId: 'cloudformation',
  };
  const passwords = databasePasswords(database, client, targetIn(current));
  const publish = async (value: string): Promise<string> => {
    const described = withoutNetwork(Settings.parse(JSON.parse(value)));
    settings = scaleSettings(await passwords.settings(described), options.timeScale);
    return JSON.stringify(settings);
  };
  const assembly = dirname(options.templateFile);
  const make = makers({ client, accountId, database, passwords, assembly, publish });
  const change = updaters({ client, publish });
  /** Makes the resources of a template that are not there yet, in the order in which they need each other. */
  const makeMissing = async (template: Template): Promise<void> => {
    for (const [type, makeOne] of make) {
      for (const [id, { Type, Properties: properties }] of Object.entries(template.Resources)) {
        if (Type !== type || known.has(id)) continue;
        known.set(id, await makeOne({ id, properties, resolved: () => resolveObject(properties, known) }));
      }
    }
  };
  const lastSettings = (): Settings => {
    if (settings === undefined) throw new TypeError(`${options.templateFile} publishes no settings`);
    return settings;
  };
  await makeMissing(current);
  lastSettings();
  return {
    get settings() {
      return lastSettings();
    },
    async update(template, policy) {
      const next = Template.parse(template);
      const changes = changesBetween(current, next);
      const denied = policy === undefined ? [] : changes.filter((one) => !isAllowed(policy, one));
      if (denied.length > 0) return denied.map(({ id }) => id);
      await makeMissing(next);
      for (const { id, type, action } of changes) {
        const update = change[type];
        if (update === undefined) continue;
        if (action !== 'Update:Modify') throw new TypeError(`${id} cannot be replaced or deleted here`);
        const ref = known.get(id)?.ref ?? id;
        await update(ref, resolveObject(next.Resources[id]?.Properties ?? {}, known));
      }
      current = next;
      return [];
    },
  };
}

/** The target whose settings a template publishes. */
function targetIn({ Resources }: Template): Target {
  const [parameter] = Object.values(Resources).filter(({ Type }) => Type === 'AWS::SSM::Parameter');
  return Target.parse(String(parameter?.Properties['Name']).slice(SETTINGS_PATH.length + 1));
}

/** There is one network here, so that smoke checks reach the previews without a function inside it. */
function withoutNetwork(settings: Settings): Settings {
  const { prober: _inside, ...infrastructure } = settings.infrastructure;
  return { ...settings, infrastructure };
}
