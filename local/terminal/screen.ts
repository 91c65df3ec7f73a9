import { stripVTControlCharacters } from 'node:util';
import colors from 'picocolors';

/** What of a stream is used: `process.stdout` is one. */
export type Output = Pick<NodeJS.WriteStream, 'isTTY' | 'columns'> & { write(text: string): unknown };

/**
 * Lines that stay and, on a terminal, one line at the bottom that changes. Elsewhere (a file, a pipe, CI) every change of that line is a
 * line of its own, without colour.
 */
export class Screen {
  readonly #out: Output;
  readonly #start = performance.now();
  #status = '';
  #shown = false;

  constructor(out: Output) {
    this.#out = out;
  }

  /** A line that stays, with the seconds since the start. */
  say(text: string): void {
    this.print(`${colors.dim(this.#seconds())}  ${text}`);
  }

  /** A line that stays. */
  print(text: string): void {
    this.#clear();
    this.#out.write(`${text}\n`);
    this.#draw();
  }

  /**
   * What goes on now.
   * @param key what a reader of a file would call a change; figures that only count on are in `text` alone
   */
  status(key: string, text: string): void {
    if (this.#out.isTTY) {
      this.#status = `${colors.dim(this.#seconds())}  ${text}`;
      this.#clear();
      this.#draw();
    } else if (key !== this.#status) {
      this.#status = key;
      if (key) this.say(text);
    }
  }

  /** Takes the changing line away. */
  endStatus(): void {
    this.#clear();
    this.#status = '';
  }

  #seconds(): string {
    return `${((performance.now() - this.#start) / 1000).toFixed(1).padStart(6)} s`;
  }

  #clear(): void {
    if (!this.#out.isTTY || !this.#shown) return;
    this.#out.write('\r\u001b[2K');
    this.#shown = false;
  }

  #draw(): void {
    if (!this.#out.isTTY || !this.#status) return;
    const width = this.#out.columns;
    // A line that wraps could not be taken back; cut without its colours, which would be cut in two.
    this.#out.write(
      stripVTControlCharacters(this.#status).length < width
        ? this.#status
        : stripVTControlCharacters(this.#status).slice(0, width - 1),
    );
    this.#shown = true;
  }
}
