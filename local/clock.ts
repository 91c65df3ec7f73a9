/** Ends a timer; calling it twice is harmless. */
export type Cancel = () => void;

/**
 * Time of the local cloud. Lengths are AWS's own, in seconds; the clock divides them by the time scale, so that a
 * minute of AWS can pass in two seconds. What does not get faster with the clock, a process that starts or a request
 * that is answered, keeps a `floor`: real seconds below which the length is never shortened.
 */
export interface Clock {
  /** Milliseconds since the epoch, unscaled. */
  now(): number;
  /** Real milliseconds that stand for `seconds` of AWS's time, at least `floor` real seconds but never more than unscaled. */
  real(seconds: number, floor?: number): number;
  /** Runs `action` once, after so many real milliseconds. */
  after(milliseconds: number, action: () => void): Cancel;
}

/** The clock of this machine, `timeScale` times as fast for what AWS waits for. */
export function createClock(timeScale: number): Clock {
  if (!(timeScale >= 1)) throw new RangeError(`the time scale must be 1 or more, not ${timeScale}`);
  return {
    now: () => Date.now(),
    real: (seconds, floor = 0) => Math.max(seconds / timeScale, Math.min(seconds, floor)) * 1000,
    after(milliseconds, action) {
      const timer = setTimeout(action, milliseconds);
      return () => clearTimeout(timer);
    },
  };
}

/** Repeats `action` every so many real milliseconds. */
export function repeat(clock: Clock, milliseconds: number, action: () => void): Cancel {
  let cancel: Cancel;
  const next = (): void => {
    cancel = clock.after(milliseconds, () => {
      next();
      action();
    });
  };
  next();
  return () => cancel();
}
