import { Duration, milliseconds } from '#core/contract/duration.ts';
import type { Settings } from '#core/contract/settings.ts';

/**
 * The same settings with their times divided by `timeScale`, to live as fast as the local load balancer does.
 * Some times stay, because what they bound does not get faster: how long a process takes to stop, how long the database
 * waits for a lock, how long people have for an approval, and how often converge looks; and those that the local load
 * balancer is told and divides itself.
 */
export function scaleSettings(settings: Settings, timeScale: number): Settings {
  if (!(timeScale >= 1)) throw new RangeError(`the time scale must be 1 or more, not ${timeScale}`);
  const scaled = (duration: Duration) => inMilliseconds(milliseconds(duration) / timeScale);
  /** For times that AWS counts in whole seconds: they do not fall below one. */
  const wholeSeconds = (duration: Duration) =>
    inMilliseconds(Math.max(1, Math.round(milliseconds(duration) / timeScale / 1000)) * 1000);
  const { drain, migrate, candidate, provenance, scan, analysis, warm } = settings;
  return {
    ...settings,
    drain: {
      ...drain,
      settle: scaled(drain.settle),
    },
    migrate: { ...migrate, timeout: scaled(migrate.timeout) },
    candidate: { ...candidate, timeout: scaled(candidate.timeout) },
    scan: { ...scan, timeout: wholeSeconds(scan.timeout) },
    provenance: { ...provenance, timeout: wholeSeconds(provenance.timeout) },
    traffic: settings.traffic.map((step) => ({
      ...step,
      bake: wholeSeconds(step.bake),
      checkEvery: wholeSeconds(step.checkEvery),
    })),
    analysis: { ...analysis, period: periodOf(milliseconds(analysis.period) / timeScale) },
    warm: scaled(warm),
  };
}

/** The longest of CloudWatch's periods that is no longer. */
function periodOf(ms: number): Duration {
  const period = [60, 30, 10, 5].find((each) => each * 1000 <= ms) ?? 1;
  return inMilliseconds((period === 60 ? Math.floor(ms / 60_000) * 60 : period) * 1000);
}

/** In the largest unit that needs no fraction. */
function inMilliseconds(value: number): Duration {
  const whole = Math.max(1, Math.round(value));
  return Duration.parse(whole % 1000 === 0 ? `${whole / 1000}s` : `${whole}ms`);
}
