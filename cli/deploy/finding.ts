/** What a check saw, and what to do about it. */
export interface Finding {
  /** What was looked at, as in `region`. */
  readonly about: string;
  readonly level: 'ok' | 'warning' | 'failure';
  readonly says: string;
  /** What a person does; needed unless all is well. */
  readonly todo?: string;
  /** What the command can do itself, if it may. */
  readonly offer?: Offer;
}

export type Offer = { readonly make: 'bootstrap' } | { readonly make: 'service-linked role'; readonly service: string };

export const ok = (about: string, says: string): Finding => ({ about, level: 'ok', says });
export const warning = (about: string, says: string, todo: string): Finding => ({
  about,
  level: 'warning',
  says,
  todo,
});
export const failure = (about: string, says: string, todo: string, offer?: Offer): Finding => ({
  about,
  level: 'failure',
  says,
  todo,
  ...(offer && { offer }),
});

const MARKS = { ok: 'ok      ', warning: 'look at ', failure: 'NOT YET ' } as const;

/** A finding as lines of text. */
export function findingLines({ about, level, says, todo }: Finding): string[] {
  return [`  ${MARKS[level]} ${about}: ${says}`, ...(todo === undefined ? [] : [`           ${todo}`])];
}
