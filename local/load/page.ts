const ATTRIBUTE = /<(link|script|img|source)\b[^>]*?\b(?:href|src)=["']([^"'#]+)["'][^>]*>/gi;
const ANCHOR = /<a\b[^>]*?\bhref=["']([^"'#]+)["']/gi;
/** Kinds of <link> that load something, unlike canonical, alternate or next. */
const LOADED = /\brel=["'][^"']*\b(?:stylesheet|icon|preload|modulepreload|manifest)\b/i;

/** Paths of the files of its own host that a page loads: styles, scripts, images. */
export function filesOf(html: string, page: URL): string[] {
  const found = [...html.matchAll(ATTRIBUTE)].filter(
    ([tag, element]) => element?.toLowerCase() !== 'link' || LOADED.test(tag),
  );
  return ownPaths(
    found.map(([, , address]) => address),
    page,
  );
}

/** Paths of the pages of its own host that a page leads to. */
export function linksOf(html: string, page: URL): string[] {
  return ownPaths(
    [...html.matchAll(ANCHOR)].map(([, address]) => address),
    page,
  );
}

function ownPaths(addresses: readonly (string | undefined)[], page: URL): string[] {
  const paths = addresses.flatMap((address) => {
    const url = address === undefined ? null : URL.parse(address.replaceAll('&amp;', '&'), page.href);
    return url?.origin === page.origin ? [`${url.pathname}${url.search}`] : [];
  });
  return [...new Set(paths)];
}
