/** Faults that the gateway makes on purpose, for tests and experiments. */

import * as z from 'zod';

const failure = {
  status: z.int().min(400).max(599).default(500),
  code: z.string().min(1).default('InternalFailure'),
  message: z.string().default('injected fault'),
  /** Cut the connection instead of answering. */
  reset: z.boolean().default(false),
};

const effect = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('fail-before').describe('the call has no effect'), ...failure }),
  z.strictObject({
    kind: z.literal('fail-after').describe('the call has its effect, the caller is told it failed'),
    ...failure,
  }),
  z.strictObject({
    kind: z.literal('delay'),
    /** Milliseconds. */
    ms: z.number().min(0).max(600_000),
    when: z.enum(['before', 'after']).default('before'),
  }),
  z.strictObject({ kind: z.literal('throttle') }),
]);

/** What a fault does, to which calls: those that match all that is given. `*` in a name stands for any characters. */
export const FaultRule = z.strictObject({
  id: z.string().min(1).optional(),
  service: z.string().min(1).optional(),
  operation: z.string().min(1).optional(),
  caller: z.string().min(1).optional(),
  /** How many matching calls pass first: with `skip` 2 the third is the first that is hit. */
  skip: z.int().min(0).default(0),
  /** How many calls are hit after that. */
  times: z.union([z.int().min(1), z.literal('always')]).default(1),
  effect,
});
export type FaultRule = z.infer<typeof FaultRule>;
type FaultEffect = FaultRule['effect'];

/** A rule as a program may give it: also with a condition on the parameters. */
export type FaultInput = z.input<typeof FaultRule> & { readonly when?: (params: Record<string, unknown>) => boolean };

export interface MatchedCall {
  readonly service: string;
  readonly operation: string;
  readonly caller: string;
  readonly params: Record<string, unknown>;
}

export interface Fault {
  readonly id: string;
  readonly effect: FaultEffect;
}

interface Armed {
  readonly id: string;
  readonly rule: FaultRule;
  readonly when: FaultInput['when'];
  seen: number;
  hit: number;
}

export class Faults {
  readonly #armed = new Map<string, Armed>();
  #count = 0;

  /** Arms a fault; a rule of the same id is replaced. @returns its id @throws {z.ZodError} for a malformed rule */
  add(input: FaultInput): string {
    const { when, ...rest } = input;
    const rule = FaultRule.parse(rest);
    const id = rule.id ?? `fault-${++this.#count}`;
    this.#armed.set(id, { id, rule, when, seen: 0, hit: 0 });
    return id;
  }

  remove(id: string): boolean {
    return this.#armed.delete(id);
  }

  clear(): void {
    this.#armed.clear();
  }

  /** The armed faults, and how many calls each has hit. */
  list(): (FaultRule & { id: string; hit: number })[] {
    return [...this.#armed.values()].map(({ id, rule, hit }) => ({ ...rule, id, hit }));
  }

  /** The faults that this call meets, in the order in which they were armed. Counts the call. */
  meet(call: MatchedCall): Fault[] {
    const met: Fault[] = [];
    for (const armed of this.#armed.values()) {
      const { id, rule } = armed;
      if (!matches(rule, call) || armed.when?.(call.params) === false) continue;
      armed.seen += 1;
      if (armed.seen <= rule.skip || (rule.times !== 'always' && armed.hit >= rule.times)) continue;
      armed.hit += 1;
      met.push({ id, effect: rule.effect });
    }
    return met;
  }
}

function matches(rule: FaultRule, call: MatchedCall): boolean {
  return fits(rule.service, call.service) && fits(rule.operation, call.operation) && fits(rule.caller, call.caller);
}

function fits(pattern: string | undefined, name: string): boolean {
  if (pattern === undefined) return true;
  const source = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${source.join('.*')}$`).test(name);
}

/** The error with which a service asks its callers to slow down. */
export function throttling(service: string): {
  readonly code: string;
  readonly status: number;
  readonly message: string;
} {
  const message = 'Rate exceeded';
  if (service === 'lambda') return { code: 'TooManyRequestsException', status: 429, message };
  if (service === 's3') return { code: 'SlowDown', status: 503, message: 'Please reduce your request rate.' };
  if (service === 'elbv2' || service === 'cloudformation' || service === 'cloudwatch' || service === 'sts')
    return { code: 'Throttling', status: 400, message };
  return { code: 'ThrottlingException', status: 400, message };
}
