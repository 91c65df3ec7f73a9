import type * as z from 'zod';
import type { Probe } from '#core/contract/probe.ts';
import type { Prober } from '#core/ports.ts';

/** Asks what smoke cannot reach: the previews of an internal load balancer. Judges nothing. */
export async function probe(
  { url, headers, timeoutMs }: z.infer<typeof Probe.input>,
  prober: Prober,
): Promise<z.infer<typeof Probe.output>> {
  const result = await prober.get(url, headers, timeoutMs);
  return 'noAnswer' in result ? { outcome: 'no answer', reason: result.noAnswer } : { outcome: 'answered', ...result };
}
