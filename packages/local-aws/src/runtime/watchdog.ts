import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Keeps a list of process groups, read as `+ <id>` and `- <id>` lines, and kills what is still on it when its input
 * ends, which it does however the writer ended. A shell is enough, and the smallest thing there is.
 */
const SCRIPT = `
groups=' '
while read -r operation group; do
  case $operation in
    +) groups="$groups$group " ;;
    -) case $groups in *" $group "*) groups="\${groups%% "$group" *} \${groups#* "$group" }" ;; esac ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
`;

/** Ends process groups of this program when the program itself is killed and can no longer do it. */
export class Watchdog {
  readonly #process: ChildProcess;

  constructor() {
    this.#process = spawn('/bin/sh', ['-c', SCRIPT], { detached: true, stdio: ['pipe', 'ignore', 'ignore'], env: {} });
    // The pipe breaks only if somebody ends the watchdog; the groups are then still ended by close().
    this.#process.stdin?.on('error', () => undefined);
    this.#process.on('error', () => undefined);
    this.#process.unref();
  }

  watch(group: number): void {
    this.#process.stdin?.write(`+ ${group}\n`);
  }

  forget(group: number): void {
    this.#process.stdin?.write(`- ${group}\n`);
  }

  close(): void {
    this.#process.stdin?.end();
  }
}
