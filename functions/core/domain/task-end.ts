/** What ended a migration task, as far as ECS tells. */
export interface TaskEnd {
  readonly exitCode?: number;
  readonly started: boolean;
}

/** EX_TEMPFAIL of sysexits.h: the application's word for "another one is migrating". */
const BUSY = 75;
/** 128 + SIGKILL: killed from outside, by ECS's stop time-out or for lack of memory. */
const KILLED = 137;

/**
 * What the end of a migration task means. Only exit code 0 is success. A task that ran and was killed, or whose exit code
 * ECS lost, may have left half a migration (atomic = False), which no machine can judge.
 */
export function judgeMigrationEnd({ exitCode, started }: TaskEnd): 'succeeded' | 'busy' | 'failed' | 'needs person' {
  if (!started) return 'failed';
  if (exitCode === undefined || exitCode === KILLED) return 'needs person';
  if (exitCode === 0) return 'succeeded';
  return exitCode === BUSY ? 'busy' : 'failed';
}
