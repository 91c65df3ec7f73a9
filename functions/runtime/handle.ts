import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { parser } from '@aws-lambda-powertools/parser/middleware';
import middy from '@middy/core';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import * as z from 'zod';
import { type PersonalRequest, UrlRequest } from '#core/contract/caller.ts';
import { Wake } from '#core/contract/wake.ts';
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

/** A handler that, when a schedule only keeps its function awake, does nothing. */
export function staysAwake<E, C, R>(handler: (event: E, context: C) => R): (event: E, context: C) => R | undefined {
  return (event, context) => (Wake.safeParse(event).success ? undefined : handler(event, context));
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

/**
 * A Lambda handler for what people want, behind a function URL with IAM authorisation: who they are is what Lambda says of
 * the verified signature, never what they say. An event without that is refused: it did not come by the URL.
 */
export function personHandler<R extends { readonly outcome: string; readonly sentence: string }>(
  run: (request: PersonalRequest) => Promise<R>,
) {
  const handle = async (event: unknown) => {
    const { data } = UrlRequest.safeParse(event);
    const outcome =
      data === undefined
        ? { outcome: 'refused', sentence: 'Ask by the address of this function, signed: AWS then says who asks.' }
        : await run({ input: bodyOf(data), caller: data.requestContext.authorizer.iam });
    logger.info('outcome', { outcome });
    return {
      statusCode: 200,
      headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
      body: JSON.stringify(outcome),
    };
  };
  return middy()
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .handler(handle);
}

function bodyOf({ body, isBase64Encoded }: z.infer<typeof UrlRequest>): unknown {
  const text = isBase64Encoded ? Buffer.from(body, 'base64').toString('utf8') : body;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
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
