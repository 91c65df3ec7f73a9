/** The gateway's own pages under `/_local-aws/`: faults and events, for tests in other processes and for people with curl. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import { AwsError } from '../protocol/service.ts';
import type { AwsEvent } from './events.ts';
import { FaultRule, type Faults } from './faults.ts';
import { readBody, sendJson } from './http.ts';

export const adminPrefix = '/_local-aws/';

const EventToDeliver = z.strictObject({
  version: z.literal('0').default('0'),
  id: z.string(),
  'detail-type': z.string(),
  source: z.string(),
  account: z.string(),
  time: z.string(),
  region: z.string(),
  resources: z.array(z.string()).default([]),
  detail: z.record(z.string(), z.unknown()),
});

/**
 * - `GET /_local-aws/health`
 * - `GET /_local-aws/faults`; `POST` one rule (see FaultRule); `DELETE /_local-aws/faults` or `/_local-aws/faults/<id>`
 * - `POST /_local-aws/events`: delivers an event of an AWS service (`aws.*`) to the rules that match
 */
export async function serveAdmin(
  incoming: IncomingMessage,
  response: ServerResponse,
  faults: Faults,
  emit: (event: AwsEvent) => void,
): Promise<void> {
  const [page = '', id] = (incoming.url ?? '').slice(adminPrefix.length).split('/');
  const method = incoming.method ?? '';
  const route = `${method} ${page}`;
  if (route === 'GET health') return sendJson(response, 200, { status: 'ok' });
  if (route === 'GET faults') return sendJson(response, 200, faults.list());
  if (route === 'DELETE faults') {
    if (id === undefined) faults.clear();
    else if (!faults.remove(decodeURIComponent(id))) return sendJson(response, 404, { error: `no fault ${id}` });
    return sendJson(response, 200, faults.list());
  }
  if (route === 'POST faults') {
    const rule = await read(incoming, FaultRule);
    return rule.success
      ? sendJson(response, 201, { id: faults.add(rule.data) })
      : sendJson(response, 400, { error: z.prettifyError(rule.error) });
  }
  if (route === 'POST events') {
    const event = await read(incoming, EventToDeliver);
    if (!event.success) return sendJson(response, 400, { error: z.prettifyError(event.error) });
    emit(event.data);
    return sendJson(response, 202, { id: event.data.id });
  }
  return sendJson(response, 404, { error: `nothing at ${method} ${adminPrefix}${page}` });
}

async function read<T>(incoming: IncomingMessage, schema: z.ZodType<T>): Promise<z.ZodSafeParseResult<T>> {
  const body = await readBody(incoming);
  try {
    return schema.safeParse(JSON.parse(body.toString('utf8')));
  } catch {
    throw new AwsError('MalformedBody', 'the body is no JSON');
  }
}
