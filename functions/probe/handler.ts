import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { parser } from '@aws-lambda-powertools/parser/middleware';
import middy from '@middy/core';
import { HttpProber } from '#aws/http-prober.ts';
import { Probe } from '#core/contract/probe.ts';
import { logger, staysAwake } from '#runtime/handle.ts';
import { probe } from './probe.ts';

/** Logs nothing of what it saw: whole pages do not belong in a log. */
export const handler = staysAwake(
  middy()
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .use(parser({ schema: Probe.input }))
    .handler((event) => probe(event, new HttpProber())),
);
