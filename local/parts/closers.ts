/**
 * What has to be ended, in the reverse order of its beginning. Something that is added after the end began (a step that was under way
 * when Ctrl-C came) is ended at once, so that nothing slips through.
 */
export class Closers {
  readonly #closers: (() => Promise<void> | void)[] = [];
  #closing: Promise<void> | undefined;

  get closing(): boolean {
    return this.#closing !== undefined;
  }

  add(close: () => Promise<void> | void): void {
    if (this.closing) void Promise.resolve(close()).catch(() => undefined);
    else this.#closers.push(close);
  }

  /** Ends everything; one that fails to end does not keep the others from it. Called again, it waits for the same end. */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async #closeAll(): Promise<void> {
    for (let close = this.#closers.pop(); close; close = this.#closers.pop()) {
      try {
        await close();
      } catch (error) {
        process.stderr.write(`farol: while stopping: ${error instanceof Error ? error.message : String(error)}\n`);
      }
    }
  }
}
