import { GetParameterCommand, paginateGetParametersByPath, type SSMClient } from '@aws-sdk/client-ssm';
import * as z from 'zod';
import { Settings } from '#core/contract/settings.ts';
import { SETTINGS_PATH, settingsParameter, type Target } from '#core/contract/target.ts';
import type { SettingsStore } from '#core/ports.ts';

/** Targets' settings in SSM Parameter Store, below {@link SETTINGS_PATH}. */
export class SsmSettings implements SettingsStore {
  readonly #client: SSMClient;

  constructor(client: SSMClient) {
    this.#client = client;
  }

  async settings(target: Target): Promise<Settings> {
    const name = settingsParameter(target);
    const { Parameter } = await this.#client.send(new GetParameterCommand({ Name: name }));
    const parsed = parse(Parameter?.Value);
    if (typeof parsed === 'string') throw new Error(`the settings in ${name} are wrong: ${parsed}`);
    return parsed;
  }

  async all(): ReturnType<SettingsStore['all']> {
    const found: ({ settings: Settings } | { target: string; error: string })[] = [];
    for await (const page of paginateGetParametersByPath(
      { client: this.#client },
      { Path: SETTINGS_PATH, Recursive: true },
    )) {
      for (const { Name = '', Value } of page.Parameters ?? []) {
        const parsed = parse(Value);
        found.push(
          typeof parsed === 'string'
            ? { target: Name.slice(SETTINGS_PATH.length + 1), error: parsed }
            : { settings: parsed },
        );
      }
    }
    return found;
  }
}

/** The settings, or in words what is wrong with them. */
function parse(value: string | undefined): Settings | string {
  try {
    const parsed = Settings.safeParse(JSON.parse(value ?? ''));
    return parsed.success ? parsed.data : z.prettifyError(parsed.error);
  } catch (error) {
    return `no JSON: ${String(error)}`;
  }
}
