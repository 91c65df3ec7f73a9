import type * as z from 'zod';
import type { Probe } from '#core/contract/probe.ts';
import type { Prober } from '#core/ports.ts';

/** Asks what smoke cannot reach: the previews of an internal load balancer. Judges nothing. */
export async function probe(
  { url, headers, timeoutMs }: z.infer<typeof Probe.input>,
  prober: Prober,
): Promise<z.infer<typeof Probe.output>> {
  try {
    return { outcome: 'answered', ...(await prober.get(url, headers, timeoutMs)) };
  } catch (error) {
    return { outcome: 'no answer', reason: error instanceof Error ? error.message : String(error) };
  }
}
