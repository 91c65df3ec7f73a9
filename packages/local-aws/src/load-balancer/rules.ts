import type { IncomingMessage } from 'node:http';
import { SmoothWeights } from './smooth-weights.ts';
import type { TargetGroup } from './target-group.ts';

interface WeightedGroup {
  readonly group: TargetGroup;
  /** 0 to 999; 0 gets nothing. */
  readonly weight: number;
}

export type Action =
  | { readonly type: 'forward'; readonly groups: readonly WeightedGroup[] }
  | { readonly type: 'fixed-response'; readonly status: number; readonly contentType: string; readonly body: string };

/** All of `values` of one condition are alternatives; all conditions of a rule must hold. */
export interface Condition {
  readonly field: 'path-pattern' | 'host-header';
  readonly values: readonly string[];
}

export interface Rule {
  readonly conditions: readonly Condition[];
  readonly action: Action;
}

/** What is to be done with one request; `group` undefined: every weight is 0. */
export type Route =
  | { readonly type: 'forward'; readonly group: TargetGroup | undefined }
  | { readonly type: 'fixed-response'; readonly status: number; readonly contentType: string; readonly body: string };

/** The rules of a listener as one node of the load balancer knows them, first match first, the default rule last. */
export class RoutingTable {
  readonly #rules: { readonly matches: (request: IncomingMessage) => boolean; readonly route: () => Route }[];

  constructor(rules: readonly Rule[]) {
    this.#rules = rules.map(({ conditions, action }) => ({ matches: matcher(conditions), route: router(action) }));
  }

  route(request: IncomingMessage): Route | undefined {
    return this.#rules.find((rule) => rule.matches(request))?.route();
  }
}

function router(action: Action): () => Route {
  if (action.type === 'fixed-response') return () => action;
  const weights = new SmoothWeights(action.groups);
  return () => ({ type: 'forward', group: weights.next()?.group });
}

function matcher(conditions: readonly Condition[]): (request: IncomingMessage) => boolean {
  const tests = conditions.map(({ field, values }) => {
    const patterns = values.map((value) => wildcards(value, field === 'host-header' ? 'i' : ''));
    const subject = field === 'host-header' ? hostOf : pathOf;
    return (request: IncomingMessage): boolean => patterns.some((pattern) => pattern.test(subject(request)));
  });
  return (request) => tests.every((test) => test(request));
}

/** `*` stands for any number of characters, `?` for one; paths are matched with case, hosts without (ELB user guide, "Rule conditions"). */
function wildcards(pattern: string, flags: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, flags);
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').replace(/[?#].*$/s, '');
}

function hostOf(request: IncomingMessage): string {
  return (request.headers.host ?? '').replace(/:\d+$/, '');
}
