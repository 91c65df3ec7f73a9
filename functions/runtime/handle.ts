import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { parser } from '@aws-lambda-powertools/parser/middleware';
import middy from '@middy/core';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import * as z from 'zod';
import { Superseded } from '#core/ports.ts';
import { underToken } from './fencing.ts';

export const logger = new Logger();

/**
 * A Lambda handler for a state: its event is parsed by the contract's input, what `run` returns is checked against its
 * outcomes. {@link Superseded} becomes the outcome of that name; every other exception is a surprise and stays one, so
 * that the state machine retries it.
 */
export function stateHandler<I extends z.ZodType, O extends z.ZodType>(
  { input, output }: { readonly input: I; readonly output: O },
  run: (event: StandardSchemaV1.InferOutput<I>) => Promise<z.input<O>>,
) {
  return middy()
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .use(parser({ schema: input }))
    .handler(async (event): Promise<z.output<O>> => {
      const { token } = addIds(event);
      const outcome = output.parse(await orSuperseded(() => underToken(token, () => run(event))));
      logger.info('outcome', { outcome });
      return outcome;
    });
}

/** A Lambda handler for an event from EventBridge: whatever comes, `run` judges it, so that nothing is lost unread. */
export function eventHandler<R>(run: (event: unknown) => Promise<R>) {
  const handle = async (event: unknown): Promise<R> => {
    const outcome = await run(event);
    logger.info('outcome', { outcome });
    return outcome;
  };
  return middy()
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .handler(handle);
}

async function orSuperseded<T>(run: () => Promise<T>): Promise<T | { outcome: 'superseded'; reason: string }> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof Superseded) return { outcome: 'superseded', reason: error.message };
    throw error;
  }
}

const Ids = z.object({ target: z.string(), deployment: z.string(), token: z.int().optional() });
const Identified = z.object({ context: Ids.optional(), request: Ids.optional() });

/** Every log line of the invocation names target and deployment. */
function addIds(event: unknown): Partial<z.infer<typeof Ids>> {
  const { context, request } = Identified.safeParse(event).data ?? {};
  const ids = context ?? request ?? {};
  logger.appendKeys({ ...ids });
  return ids;
}
