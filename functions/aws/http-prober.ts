import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Answer, NoAnswer, Prober } from '#core/ports.ts';

/** More of a body than this is read, but not kept: a smoke check looks for a text, it does not download. */
const MAX_BODY_BYTES = 1_000_000;

/** Plain HTTP requests. `node:http` rather than fetch, which forbids setting the Host header that the application needs. */
export class HttpProber implements Prober {
  async get(url: string, headers: Readonly<Record<string, string>>, timeoutMs: number): Promise<Answer | NoAnswer> {
    try {
      return await this.#ask(url, headers, timeoutMs);
    } catch (error) {
      return { noAnswer: error instanceof Error ? error.message : String(error) };
    }
  }

  #ask(url: string, headers: Readonly<Record<string, string>>, timeoutMs: number): Promise<Answer> {
    const began = performance.now();
    const send = url.startsWith('https:') ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const request = send(url, { headers, agent: false, signal: AbortSignal.timeout(timeoutMs) }, (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size <= MAX_BODY_BYTES) chunks.push(chunk);
        });
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            body: Buffer.concat(chunks).toString('utf8'),
            ms: performance.now() - began,
          }),
        );
      });
      request.on('error', (error) =>
        reject(
          error.name === 'AbortError' || error.name === 'TimeoutError'
            ? new Error(`no answer within ${timeoutMs} ms`)
            : error,
        ),
      );
      request.end();
    });
  }
}
