import * as z from 'zod';

/** Spaces, and what ends a line or moves a cursor: controls, and Unicode's own separators of lines and paragraphs. */
const BREAKS = /[\p{Cc}\p{Zs}\p{Zl}\p{Zp}]+/gu;
/** What is not seen, turns text round or is half a character: format characters and lone surrogates. */
const UNSEEN = /[\p{Cf}\p{Cs}]/gu;

/** More characters a reason does not have: what comes from outside may be of any length. */
export const LONGEST_REASON = 1000;

/**
 * Text from outside as one line of at most `most` characters, so that it can be put into a notice, a name, a page or the
 * ledger: only the words are kept, and none of them looks like a line of Farol's.
 */
export function oneLine(text: string, most: number): string {
  // A cut before the patterns, which then have no more work than is kept.
  return cut(
    text
      .slice(0, most * 4)
      .replaceAll(UNSEEN, '')
      .replaceAll(BREAKS, ' ')
      .trim(),
    most,
  );
}

/** As {@link oneLine}, with its lines kept: for what is shown as a block, each line of it behind a mark of ours. */
export function manyLines(text: string, most: number): string {
  const lines = cut(text, most).split(/\r\n|\r|\n/);
  return lines.map((line) => oneLine(line, most)).join('\n');
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/u, '')}…`;
}

/** A string of a contract that becomes {@link oneLine}. */
export const line = (most: number) => z.string().transform((text) => oneLine(text, most));
/** A string of a contract that becomes {@link manyLines}. */
export const block = (most: number) => z.string().transform((text) => manyLines(text, most));
