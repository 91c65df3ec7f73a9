import {
  GetParameterCommand,
  ParameterNotFound,
  paginateGetParametersByPath,
  type SSMClient,
} from '@aws-sdk/client-ssm';
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
    const value = await this.#value(name);
    if (value === undefined) return `There is no parameter ${name}: deploy the target's stack (farol deploy).`;
    const parsed = parse(value, target);
    return typeof parsed === 'string' ? `The settings in ${name} are wrong: ${parsed}` : parsed;
  }

  /** undefined: there is no such parameter. */
  async #value(Name: string): Promise<string | undefined> {
    try {
      const { Parameter } = await this.#client.send(new GetParameterCommand({ Name }));
      return Parameter?.Value ?? '';
    } catch (error) {
      if (error instanceof ParameterNotFound) return undefined;
      throw error;
    }
  }

  async all(): ReturnType<SettingsStore['all']> {
    const found: ({ settings: Settings } | { target: string; error: string })[] = [];
    for await (const page of paginateGetParametersByPath(
      { client: this.#client },
      { Path: SETTINGS_PATH, Recursive: true },
    )) {
      for (const { Name = '', Value } of page.Parameters ?? []) {
        const target = Name.slice(SETTINGS_PATH.length + 1);
        const parsed = parse(Value ?? '', target);
        found.push(typeof parsed === 'string' ? { target, error: parsed } : { settings: parsed });
      }
    }
    return found;
  }
}

/** The settings of `target`, or in words what is wrong with them. */
function parse(value: string, target: Target): Settings | string {
  const json = parseJson(value);
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
