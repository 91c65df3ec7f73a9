import { GetParameterCommand, paginateGetParametersByPath, type SSMClient } from '@aws-sdk/client-ssm';
import * as z from 'zod';
import { Settings, targetOf } from '#core/contract/settings.ts';
import { SETTINGS_PATH, settingsParameter, type Target } from '#core/contract/target.ts';
import type { SettingsStore } from '#core/ports.ts';

/** Targets' settings in SSM Parameter Store, below {@link SETTINGS_PATH}. */
export class SsmSettings implements SettingsStore {
  readonly #client: SSMClient;

  constructor(client: SSMClient) {
    this.#client = client;
  }

  async settings(target: Target): Promise<Settings | string> {
    const name = settingsParameter(target);
    const { Parameter } = await this.#client.send(new GetParameterCommand({ Name: name }));
    const parsed = parse(Parameter?.Value, target);
    return typeof parsed === 'string' ? `The settings in ${name} are wrong: ${parsed}` : parsed;
  }

  async all(): ReturnType<SettingsStore['all']> {
    const found: ({ settings: Settings } | { target: string; error: string })[] = [];
    for await (const page of paginateGetParametersByPath(
      { client: this.#client },
      { Path: SETTINGS_PATH, Recursive: true },
    )) {
      for (const { Name = '', Value } of page.Parameters ?? []) {
        const target = Name.slice(SETTINGS_PATH.length + 1);
        const parsed = parse(Value, target);
        found.push(typeof parsed === 'string' ? { target, error: parsed } : { settings: parsed });
      }
    }
    return found;
  }
}

/** The settings of `target`, or in words what is wrong with them. */
function parse(value: string | undefined, target: Target): Settings | string {
  const json = parseJson(value ?? '');
  if (json === undefined) return 'they are no JSON';
  const parsed = Settings.safeParse(json);
  if (!parsed.success) return z.prettifyError(parsed.error);
  // A copy under another name would let one target steer the other's slots.
  const said = targetOf(parsed.data);
  return said === target ? parsed.data : `they are settings of ${said}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
