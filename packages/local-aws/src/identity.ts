import { randomBytes, randomInt } from 'node:crypto';

/** In which account and region the local resources are. */
export interface Place {
  readonly accountId: string;
  readonly region: string;
}

/** `arn:aws:<service>:<region>:<account>:<resource>`. */
export function arn({ accountId, region }: Place, service: string, resource: string): string {
  return `arn:aws:${service}:${region}:${accountId}:${resource}`;
}

/** `bytes` random bytes as hexadecimal digits: load balancers have 8, tasks 16. */
export function hexId(bytes: number): string {
  return randomBytes(bytes).toString('hex');
}

/** A deployment's number: 19 digits, as in `ecs-svc/1234567890123456789`. */
export function deploymentNumber(): string {
  let digits = String(randomInt(1, 10));
  while (digits.length < 19) digits += String(randomInt(0, 10));
  return digits;
}
