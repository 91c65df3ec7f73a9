/**
 * Who made a call: the application id of the user agent (`app/<id>`; AWS_SDK_UA_APP_ID sets it in every AWS SDK), else
 * its first product.
 */
export function callerOf(userAgent: string): string {
  const app = /(?:^|\s)app\/(\S+)/.exec(userAgent)?.[1];
  return app ?? (/^[^\s/]+/.exec(userAgent)?.[0] || 'unknown');
}
