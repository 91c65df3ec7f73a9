import * as z from 'zod';

/** A name that can stand in an execution's name, an ECS family and an SSM path: lower case, digits, hyphens; 20 characters at most. */
export const Name = z.string().regex(/^[a-z][a-z0-9-]{0,18}[a-z0-9]$/, {
  error: 'a name is 2 to 20 characters: lower-case letters, digits and hyphens, beginning with a letter',
});

/** One application in one environment, `web/production`. Every key, lock and name of Farol carries it. */
export const Target = z.string().regex(/^[a-z][a-z0-9-]{0,18}[a-z0-9]\/[a-z][a-z0-9-]{0,18}[a-z0-9]$/, {
  error: 'a target is <app>/<environment>, as in web/production',
});
export type Target = z.infer<typeof Target>;

/** The path below which each target's settings lie in SSM Parameter Store. */
export const SETTINGS_PATH = '/farol/targets';

/** The SSM parameter that holds a target's settings. */
export function settingsParameter(target: Target): string {
  return `${SETTINGS_PATH}/${target}`;
}

/** `web-production`: the target in places where a slash may not stand (execution names, ECS families). */
export function targetSlug(target: Target): string {
  return target.replace('/', '-');
}
