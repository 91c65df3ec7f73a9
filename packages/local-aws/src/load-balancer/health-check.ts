import { request } from 'node:http';
import type { Endpoint, TargetReason } from './target.ts';

/** How a target group checks its targets. Lengths are AWS's, in seconds. */
export interface HealthCheckSettings {
  readonly path: string;
  readonly interval: number;
  readonly timeout: number;
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
  /** `200`, `200,202` or `200-299`, as the API writes it. */
  readonly matcher: string;
}

export type CheckResult =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: TargetReason; readonly description: string };

/** Whether `status` is one that `matcher` accepts. */
function matches(matcher: string, status: number): boolean {
  return matcher.split(',').some((part) => {
    const [low, high = low] = part.split('-').map(Number);
    return low !== undefined && high !== undefined && status >= low && status <= high;
  });
}

/**
 * One health check: a GET on a connection of its own with the target's address as Host header, as an Application
 * Load Balancer sends it (ELB user guide, "Health checks for Application Load Balancer target groups").
 */
export function checkHealth(
  { host, port, reach }: Endpoint & { reach: Endpoint },
  settings: HealthCheckSettings,
  timeout: number,
): Promise<CheckResult> {
  return new Promise((resolve) => {
    const outgoing = request({
      host: reach.host,
      port: reach.port,
      path: settings.path,
      agent: false,
      headers: { host: `${host}:${port}`, 'user-agent': 'ELB-HealthChecker/2.0', connection: 'close', accept: '*/*' },
    });
    const done = (result: CheckResult): void => {
      clearTimeout(timer);
      resolve(result);
      outgoing.destroy();
    };
    const fail = (reason: TargetReason, description: string): void => done({ ok: false, reason, description });
    const timer = setTimeout(() => fail('Target.Timeout', 'Request timed out'), timeout);
    outgoing.on('response', (response) => {
      const status = response.statusCode ?? 0;
      response.on('error', () => fail('Target.FailedHealthChecks', 'Health checks failed'));
      response.on('end', () => {
        if (matches(settings.matcher, status)) done({ ok: true });
        else fail('Target.ResponseCodeMismatch', `Health checks failed with these codes: [${status}]`);
      });
      response.resume();
    });
    outgoing.on('error', () => fail('Target.FailedHealthChecks', 'Health checks failed'));
    outgoing.end();
  });
}
