import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { parser } from '@aws-lambda-powertools/parser/middleware';
import middy from '@middy/core';
import { DatabaseCall } from '#core/contract/database.ts';
import { clients } from '#runtime/clients.ts';
import { logger, staysAwake } from '#runtime/handle.ts';
import { database } from './database.ts';
import { connect, databaseSettings, passwords } from './settings.ts';

export const handler = staysAwake(
  middy()
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .use(parser({ schema: DatabaseCall.input }))
    .handler(async (call) => {
      const settings = databaseSettings(process.env);
      const known = await passwords(settings, clients.secrets);
      const client = await connect(settings, known);
      try {
        const outcome = await database(call, {
          client,
          roles: {
            owner: settings.POSTGRES_OWNER,
            migrator: settings.POSTGRES_MIGRATOR,
            application: settings.POSTGRES_APPLICATION,
            planner: settings.POSTGRES_PLANNER,
            passwords: known && withoutOwner(known, settings.POSTGRES_USER),
          },
          executed: (statement) => logger.info('executed', { statement }),
        });
        logger.info('outcome', { action: call.action, outcome: outcome.outcome });
        return outcome;
      } finally {
        await client.end();
      }
    }),
);

/** Farol does not change the password that it comes with. */
function withoutOwner(known: Readonly<Record<string, string>>, owner: string): Record<string, string> {
  return Object.fromEntries(Object.entries(known).filter(([user]) => user !== owner));
}
