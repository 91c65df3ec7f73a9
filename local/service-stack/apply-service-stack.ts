import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { Settings } from '#core/contract/settings.ts';
import { type Created, resolveObject } from './intrinsics.ts';
import { type Database, makers } from './makers.ts';
import { scaleSettings } from './scale-settings.ts';
import { Properties, Template } from './template.ts';

/**
 * Makes what a target's service stack describes by calls to the local cloud, and publishes the target's settings.
 * Network and roles have no counterpart on one machine: something with a name stands for each. The database is the one
 * that is given.
 * @param templateFile the synthesized service stack
 * @param gatewayUrl where all AWS calls go
 * @param timeScale by which times are divided, see {@link scaleSettings}
 * @returns the settings as published
 * @throws {TypeError} where the template holds something that is not known here
 */
export async function applyServiceStack(options: {
  templateFile: string;
  gatewayUrl: string;
  database: Database;
  timeScale: number;
  accountId?: string;
  region?: string;
}): Promise<Settings> {
  const { accountId = '000000000000', region = 'us-east-1', database } = options;
  const template = Template.parse(JSON.parse(await readFile(options.templateFile, 'utf8')));
  const known = new Map<string, Created>(
    Object.entries({
      'AWS::AccountId': accountId,
      'AWS::Region': region,
      'AWS::Partition': 'aws',
      'AWS::URLSuffix': 'amazonaws.com',
      'AWS::StackName': basename(options.templateFile, '.template.json'),
    }).map(([name, ref]) => [name, { ref }]),
  );
  const published: Settings[] = [];
  const make = makers({
    client: {
      endpoint: options.gatewayUrl,
      region,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      // It does what CloudFormation does on AWS, and so the record of calls names it.
      userAgentAppId: 'cloudformation',
    },
    accountId,
    database,
    databaseSecrets: attachedSecrets(template),
    publish: (value) => {
      const settings = scaleSettings(
        withoutNetwork(onDatabase(Settings.parse(JSON.parse(value)), database)),
        options.timeScale,
      );
      published.push(settings);
      return JSON.stringify(settings);
    },
  });
  for (const [type, makeOne] of make) {
    for (const [id, { Type, Properties: properties }] of Object.entries(template.Resources)) {
      if (Type !== type) continue;
      known.set(id, await makeOne({ id, properties, resolved: () => resolveObject(properties, known) }));
    }
  }
  const [settings] = published;
  if (settings === undefined) throw new TypeError(`${options.templateFile} publishes no settings`);
  return settings;
}

/** Logical ids of the secrets that are attached to the database. */
function attachedSecrets(template: Template): Set<string> {
  return new Set(
    Object.values(template.Resources)
      .filter(({ Type }) => Type === 'AWS::SecretsManager::SecretTargetAttachment')
      .map(({ Properties: properties }) => Properties.attachedSecret.parse(properties).SecretId.Ref),
  );
}

/** The database's name is written out in the template, unlike its address. */
function onDatabase(settings: Settings, { name }: Database): Settings {
  return {
    ...settings,
    services: settings.services.map((service) => ({
      ...service,
      environment: { ...service.environment, POSTGRES_NAME: name },
    })),
  };
}

/** There is one network here, so that smoke checks reach the previews without a function inside it. */
function withoutNetwork(settings: Settings): Settings {
  const { prober: _inside, ...place } = settings.place;
  return { ...settings, place };
}
