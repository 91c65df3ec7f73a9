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
  return schedule(clock, () => milliseconds, action);
}

/** Repeats `action` whenever the time since the epoch is a multiple of so many real milliseconds, as periods of metrics end. */
export function repeatAligned(clock: Clock, milliseconds: number, action: () => void): Cancel {
  const pause = (): number => {
    const rest = milliseconds - (clock.now() % milliseconds);
    // A timer may fire a little early: what is left then belongs to the period that was just ended.
    return rest < milliseconds / 10 ? rest + milliseconds : rest;
  };
  return schedule(clock, pause, action);
}

function schedule(clock: Clock, pause: () => number, action: () => void): Cancel {
  let cancel: Cancel;
  const next = (): void => {
    cancel = clock.after(pause(), () => {
      next();
      action();
    });
  };
  next();
  return () => cancel();
}
