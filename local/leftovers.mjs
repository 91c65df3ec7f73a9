// Ends what a run left behind. Every process of a run has FAROL_RUN in its environment, so that even what lost its parent is found.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** The environment variable that marks the processes of one run. */
export const RUN_VARIABLE = 'FAROL_RUN';

/**
 * @param {string} run
 * @returns {number[]} process ids
 */
export function processesOf(run) {
  const mark = `${RUN_VARIABLE}=${run}`;
  if (process.platform !== 'linux') {
    const { stdout } = spawnSync('ps', ['-axEww', '-o', 'pid=,command='], { encoding: 'utf8', timeout: 10_000 });
    return (stdout ?? '')
      .split('\n')
      .filter((line) => line.includes(mark))
      .map((line) => Number.parseInt(line, 10))
      .filter((pid) => pid !== process.pid);
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/environ`, 'latin1').split('\0').includes(mark);
      } catch {
        return false; // Ended meanwhile, or another user's.
      }
    })
    .map(Number);
}

/**
 * Ends every process of a run at once.
 * @param {string} run
 */
export function endProcessesOf(run) {
  for (const pid of processesOf(run)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Ended meanwhile.
    }
  }
}
