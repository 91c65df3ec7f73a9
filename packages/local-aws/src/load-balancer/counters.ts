/** What became of one request: answered by a target, by a rule's fixed response, or refused by the load balancer itself. */
export type Outcome =
  | { readonly by: 'target'; readonly status: number; readonly seconds: number }
  | { readonly by: 'fixed'; readonly status: number }
  | { readonly by: 'elb'; readonly status: number };

/** Response times in buckets that grow by 10 %, from 0.1 ms: percentiles within 10 %, at constant memory. */
const GROWTH = Math.log(1.1);
const SMALLEST = 0.0001;

class Latencies {
  readonly buckets = new Map<number, number>();
  count = 0;

  add(seconds: number): void {
    const bucket = Math.max(0, Math.ceil(Math.log(seconds / SMALLEST) / GROWTH));
    this.buckets.set(bucket, (this.buckets.get(bucket) ?? 0) + 1);
    this.count += 1;
  }

  /** Seconds that the share `quantile` (0 to 1) of the requests did not exceed; `undefined` without requests. */
  quantile(quantile: number): number | undefined {
    let seen = 0;
    for (const [seconds, count] of this.values()) {
      seen += count;
      if (seen >= this.count * quantile) return seconds;
    }
    return undefined;
  }

  /** Each bucket's upper bound in seconds with its count, rising. */
  values(): [seconds: number, count: number][] {
    return [...this.buckets]
      .toSorted(([a], [b]) => a - b)
      .map(([bucket, count]) => [SMALLEST * Math.exp(bucket * GROWTH), count]);
  }
}

/** Counts of one target group, of one version, or of what reached no target group. */
export class Counts {
  requests = 0;
  /** Answers of targets by the first digit of their status, `2` for 200 to 299. */
  readonly target = new Map<number, number>();
  /** Answers that the load balancer made itself, by status: 502, 503, 504, 460 for a client that left. */
  readonly elb = new Map<number, number>();
  /** Fixed responses, by status. */
  readonly fixed = new Map<number, number>();
  readonly latencies = new Latencies();

  add(outcome: Outcome): void {
    this.requests += 1;
    if (outcome.by === 'elb') return increase(this.elb, outcome.status);
    if (outcome.by === 'fixed') return increase(this.fixed, outcome.status);
    increase(this.target, Math.floor(outcome.status / 100));
    this.latencies.add(outcome.seconds);
  }
}

function increase(map: Map<number, number>, key: number): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}

export function sum(counts: ReadonlyMap<number, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}

/** Counts as plain data, for people and programs. Latencies are in milliseconds. */
export interface CountsView {
  readonly requests: number;
  readonly target2xx: number;
  readonly target3xx: number;
  readonly target4xx: number;
  readonly target5xx: number;
  readonly elb502: number;
  readonly elb503: number;
  readonly elb504: number;
  /** Requests whose client left before the answer. */
  readonly clientClosed: number;
  readonly fixed: number;
  readonly p50?: number;
  readonly p95?: number;
  readonly p99?: number;
}

export function view(counts: Counts): CountsView {
  const target = (digit: number): number => counts.target.get(digit) ?? 0;
  const elb = (status: number): number => counts.elb.get(status) ?? 0;
  const percentile = (name: 'p50' | 'p95' | 'p99', quantile: number): Pick<CountsView, typeof name> => {
    const seconds = counts.latencies.quantile(quantile);
    return seconds === undefined ? {} : { [name]: Math.round(seconds * 10_000) / 10 };
  };
  return {
    requests: counts.requests,
    target2xx: target(2),
    target3xx: target(3),
    target4xx: target(4),
    target5xx: target(5),
    elb502: elb(502),
    elb503: elb(503),
    elb504: elb(504),
    clientClosed: elb(460),
    fixed: sum(counts.fixed),
    ...percentile('p50', 0.5),
    ...percentile('p95', 0.95),
    ...percentile('p99', 0.99),
  };
}
