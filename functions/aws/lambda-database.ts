import type { LambdaClient } from '@aws-sdk/client-lambda';
import type * as z from 'zod';
import { DatabaseCall } from '#core/contract/database.ts';
import type { Settings } from '#core/contract/settings.ts';
import { lockTimeoutMs } from '#core/domain/task-content.ts';
import type { TargetDatabase } from '#core/ports.ts';
import { invoke } from './invoke.ts';

/** What a target's own `database` function does, which stands in its network. */
export class LambdaDatabase implements TargetDatabase {
  readonly #client: LambdaClient;

  constructor(client: LambdaClient) {
    this.#client = client;
  }

  async prepare(settings: Settings): ReturnType<TargetDatabase['prepare']> {
    const { migrations } = of(settings);
    const result = await this.#call(settings, {
      action: 'prepare',
      lockTimeoutMs: lockTimeoutMs(settings),
      ...(migrations && { migrations }),
    });
    if (result.outcome === 'refused') return { refused: result.reason };
    if (result.outcome !== 'prepared') throw new TypeError(`asked to prepare, the function answered ${result.outcome}`);
    return { statements: result.statements };
  }

  async recordedMigrations(settings: Settings): ReturnType<TargetDatabase['recordedMigrations']> {
    const { migrations } = of(settings);
    if (migrations === undefined) throw new TypeError('the settings name no table of migrations');
    const result = await this.#call(settings, { action: 'recorded migrations', migrations });
    if (result.outcome === 'refused') return { refused: result.reason };
    if (result.outcome !== 'recorded')
      throw new TypeError(`asked for migrations, the function answered ${result.outcome}`);
    return { migrations: result.migrations };
  }

  #call(settings: Settings, call: z.input<typeof DatabaseCall.input>): Promise<z.output<typeof DatabaseCall.output>> {
    return invoke(this.#client, of(settings).function, call, DatabaseCall.output);
  }
}

function of({ database }: Settings): NonNullable<Settings['database']> {
  if (database === undefined) throw new TypeError('the settings name no database');
  return database;
}
