import type { Cancel, Clock } from '../clock.ts';
import { type CheckResult, checkHealth, type HealthCheckSettings } from './health-check.ts';
import { type Endpoint, health, Target, type TargetAddress, type TargetHealth, targetKey } from './target.ts';

/** Real seconds that a health check has at least: a process does not answer faster because the clock runs faster. */
const CHECK_FLOOR = 2;
/** Real seconds between checks at least, so that a small interval does not load the machine. */
const INTERVAL_FLOOR = 0.15;
/** Real seconds that requests in flight have at least to end, for the same reason. */
const DRAIN_FLOOR = 1;

export interface TargetGroupSettings {
  healthCheck: HealthCheckSettings;
  /** Deregistration delay, in AWS's seconds. */
  deregistrationDelay: number;
}

/**
 * Targets that answer the same requests. While a listener uses the group its targets are checked; a target gets
 * requests when it is healthy, or when no target of the group is (the load balancer fails open).
 */
export class TargetGroup {
  readonly arn: string;
  readonly settings: TargetGroupSettings;
  readonly #clock: Clock;
  readonly #targets = new Map<string, Target>();
  readonly #timers = new Map<Target, Cancel>();
  readonly #draining = new Map<Target, { readonly done: Promise<void>; readonly end: () => void }>();
  readonly #listeners = new Set<(target: Target) => void>();
  /** Real milliseconds after which a connection without a request is closed: the idle time of the load balancer. */
  idle = 60_000;
  #inUse = false;
  #turn = 0;

  constructor(arn: string, settings: TargetGroupSettings, clock: Clock) {
    this.arn = arn;
    this.settings = settings;
    this.#clock = clock;
  }

  get targets(): Target[] {
    return [...this.#targets.values()];
  }

  /** Called after each change of a target's health. */
  onHealth(listener: (target: Target) => void): void {
    this.#listeners.add(listener);
  }

  /** Begins or ends the checks: a group that no listener uses has targets that are `unused`. */
  setInUse(inUse: boolean): void {
    if (inUse === this.#inUse) return;
    this.#inUse = inUse;
    for (const target of this.targets) if (target.health.state !== 'draining') this.#begin(target);
  }

  /** Registering a target that drains takes it in again; registering one twice changes nothing. */
  register(address: TargetAddress): void {
    const known = this.#targets.get(targetKey(address));
    if (known && known.health.state !== 'draining') return;
    const target = known ?? new Target(address, this.idle);
    if (known) {
      known.revive();
      this.#draining.get(known)?.end();
      this.#draining.delete(known);
    }
    this.#targets.set(target.key, target);
    this.#begin(target);
  }

  /**
   * Sends the target no further request and lets those in flight end within the deregistration delay; the target is
   * shown as `draining` for all of it, idle or not (ELB user guide, "Deregistration delay"). What is then still in flight is cut,
   * and the promise resolves.
   */
  deregister(address: Endpoint): Promise<void> {
    const target = this.#targets.get(targetKey(address));
    if (!target) return Promise.resolve();
    const draining = this.#draining.get(target);
    if (draining) return draining.done;
    this.#stopTimer(target);
    target.drain();
    this.#change(target, health('draining', 'Target.DeregistrationInProgress'));
    const { promise: done, resolve: end } = Promise.withResolvers<void>();
    this.#draining.set(target, { done, end });
    const drained = (): void => {
      this.#remove(target);
      this.#change(target, health('unused', 'Target.NotRegistered'));
    };
    this.#timers.set(
      target,
      this.#clock.after(this.#clock.real(this.settings.deregistrationDelay, DRAIN_FLOOR), drained),
    );
    return done;
  }

  healthOf(address: Endpoint): TargetHealth {
    return this.#targets.get(targetKey(address))?.health ?? health('unused', 'Target.NotRegistered');
  }

  /** The target for the next request, by round robin; `undefined` when none is registered. */
  pick(): Target | undefined {
    const registered = this.targets.filter(({ health: { state } }) => state !== 'draining' && state !== 'unused');
    const healthy = registered.filter(({ health: { state } }) => state === 'healthy');
    const candidates = healthy.length > 0 ? healthy : registered;
    this.#turn = (this.#turn + 1) % Number.MAX_SAFE_INTEGER;
    return candidates[this.#turn % candidates.length];
  }

  close(): void {
    for (const target of this.targets) this.#remove(target);
  }

  #remove(target: Target): void {
    this.#stopTimer(target);
    target.cut();
    this.#targets.delete(target.key);
    this.#draining.get(target)?.end();
    this.#draining.delete(target);
  }

  #begin(target: Target): void {
    this.#stopTimer(target);
    if (!this.#inUse) return this.#change(target, health('unused', 'Target.NotInUse'));
    this.#change(target, health('initial', 'Elb.RegistrationInProgress'));
    this.#schedule(target, 0);
  }

  #schedule(target: Target, milliseconds: number): void {
    this.#timers.set(
      target,
      this.#clock.after(milliseconds, () => {
        this.#schedule(target, this.#clock.real(this.settings.healthCheck.interval, INTERVAL_FLOOR));
        void this.#check(target);
      }),
    );
  }

  async #check(target: Target): Promise<void> {
    const { healthCheck } = this.settings;
    const result = await checkHealth(target, healthCheck, this.#clock.real(healthCheck.timeout, CHECK_FLOOR));
    const { state } = target.health;
    if (this.#targets.get(target.key) !== target || state === 'draining' || state === 'unused') return;
    this.#count(target, result);
  }

  /**
   * A new target is healthy after one passed check, one that was unhealthy after `healthyThreshold` of them in a row;
   * `unhealthyThreshold` failures in a row make it unhealthy (same guide: "it must pass one health check to be considered healthy").
   */
  #count(target: Target, result: CheckResult): void {
    const { healthyThreshold, unhealthyThreshold } = this.settings.healthCheck;
    target.passes = result.ok ? target.passes + 1 : 0;
    target.failures = result.ok ? 0 : target.failures + 1;
    const { state } = target.health;
    if (result.ok) {
      if (state === 'initial' || (state === 'unhealthy' && target.passes >= healthyThreshold))
        this.#change(target, health('healthy'));
    } else if (target.failures >= unhealthyThreshold) {
      this.#change(target, health('unhealthy', result.reason, result.description));
    } else if (state === 'initial') {
      this.#change(target, health('initial', 'Elb.InitialHealthChecking'));
    }
  }

  #change(target: Target, next: TargetHealth): void {
    const { state, reason } = target.health;
    target.health = next;
    if (state !== next.state || reason !== next.reason) for (const listener of this.#listeners) listener(target);
  }

  #stopTimer(target: Target): void {
    this.#timers.get(target)?.();
    this.#timers.delete(target);
  }
}
