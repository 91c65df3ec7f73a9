/** The registry protocol of containers, in front of the upstream's ECR: passes it on and notices pushes. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import * as z from 'zod';
import type { HttpRequest } from '../protocol/request.ts';
import type { ImageAction } from './events.ts';
import { hasBody, readBody, send } from './http.ts';
import { forwardable, type Upstream } from './upstream.ts';

const manifestPath = /^\/v2\/(.+)\/manifests\/([^/?]+)(?:\?|$)/;

const Manifest = z.object({
  mediaType: z.string().optional(),
  artifactType: z.string().optional(),
  config: z.object({ mediaType: z.string() }).optional(),
});

/** Passes anything on without looking at it. */
export async function passThrough(
  upstream: Upstream,
  request: HttpRequest,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const answer = await upstream.forward(request, hasBody(incoming) ? incoming : new Uint8Array(), gone.signal);
  response.writeHead(answer.statusCode, forwardable(answer.headers));
  await pipeline(answer.body, response);
}

/** @param pushed told of every manifest that the registry took */
export async function serveRegistry(
  upstream: Upstream,
  request: HttpRequest,
  incoming: IncomingMessage,
  response: ServerResponse,
  pushed: (image: ImageAction) => void,
): Promise<void> {
  const [, repository, reference] = manifestPath.exec(request.url) ?? [];
  if (request.method !== 'PUT' || repository === undefined || reference === undefined)
    return passThrough(upstream, request, incoming, response);
  const body = await readBody(incoming);
  const answer = await upstream.forward(request, body);
  const bytes = new Uint8Array(await answer.body.arrayBuffer());
  send(response, answer.statusCode, forwardable(answer.headers), bytes);
  const digest = answer.headers['docker-content-digest'];
  if (answer.statusCode !== 201 || typeof digest !== 'string') return;
  const tag = decodeURIComponent(reference);
  pushed({
    action: 'PUSH',
    repository,
    digest,
    tag: tag.startsWith('sha256:') ? undefined : tag,
    ...mediaTypes(body, request.headers['content-type']),
  });
}

/** What a manifest is, and what it describes. */
export function mediaTypes(
  manifest: string | Uint8Array,
  contentType: string | undefined,
): Pick<ImageAction, 'manifestMediaType' | 'artifactMediaType'> {
  const read = Manifest.safeParse(parse(manifest));
  if (!read.success) return { manifestMediaType: contentType };
  const { mediaType, artifactType, config } = read.data;
  return { manifestMediaType: mediaType ?? contentType, artifactMediaType: artifactType ?? config?.mediaType };
}

function parse(manifest: string | Uint8Array): unknown {
  try {
    return JSON.parse(typeof manifest === 'string' ? manifest : Buffer.from(manifest).toString('utf8'));
  } catch {
    return undefined;
  }
}
