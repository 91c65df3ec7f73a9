/**
 * Who may call a server of the local cloud that no browser has a business with. A web page in a browser on this machine can
 * reach every port of it: what a browser says of itself with each request keeps the pages out.
 */

import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/** Names of this machine as its own programs write them. */
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];
/** Lambda Developer Guide, "Creating and managing Lambda function URLs": `<url-id>.lambda-url.<region>.on.aws`. */
const FUNCTION_URL = /^[a-z0-9]+\.lambda-url\.[a-z0-9-]+\.on\.aws$/;

/**
 * Why a request is not let in, in a sentence; undefined: it is.
 *
 * - `Host`: a page whose name was pointed at this machine (DNS rebinding) is of the same origin as what it calls, and says
 *   that name.
 * - `Origin`: browsers send it with every request of a page but plain navigations and pictures (Fetch Standard, "Origin
 *   header"); programs never do.
 * - `Sec-Fetch-Site`: says it of those too (W3C, "Fetch Metadata Request Headers"); `none` is a person who typed the address.
 */
export function refusal({ method, url = '', headers, rawHeaders }: IncomingMessage): string | undefined {
  const hosts = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host');
  if (hosts.length !== 1)
    return `Host was sent ${hosts.length} times; send it once, as in 127.0.0.1:4566. Nothing was done.`;
  const host = nameOf(headers.host ?? '');
  if (!LOOPBACK.includes(host) && !FUNCTION_URL.test(host))
    return `Host is ${JSON.stringify(headers.host)}; it must be 127.0.0.1, localhost, [::1] or a function URL's name. Nothing was done.`;
  if (headers.origin !== undefined)
    return `Origin is ${JSON.stringify(headers.origin)}; web pages are not let in, whatever they are. Nothing was done.`;
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'none')
    return `Sec-Fetch-Site is ${JSON.stringify(site)}; web pages are not let in, whatever they are. Nothing was done.`;
  if (method === 'OPTIONS')
    return 'OPTIONS is what browsers ask for web pages, which are not let in. Nothing was done.';
  if (!url.startsWith('/'))
    return `The request target is ${JSON.stringify(url.slice(0, 100))}; it must begin with a slash. Nothing was done.`;
  return undefined;
}

/** A Host header without its port, in lower case; as it came where it is no host at all. */
function nameOf(host: string): string {
  const [, name = host, port] = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(host.toLowerCase()) ?? [];
  if (port !== undefined && Number(port) > 65_535) return host;
  return name.startsWith('[') && isIP(name.slice(1, -1)) === 6 && /^[0:]+1$/.test(name.slice(1, -1)) ? '[::1]' : name;
}
