import * as z from 'zod';

/**
 * The keys that a schema takes at a path of its input; empty where no object with fixed keys stands.
 * Follows the schema itself, so that no list of settings has to be kept beside it.
 */
export function knownKeys(schema: unknown, path: readonly PropertyKey[]): string[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return knownKeys(schema.unwrap(), path);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => knownKeys(option, path));
  const [key, ...rest] = path;
  if (schema instanceof z.ZodObject) {
    return key === undefined ? Object.keys(schema.shape) : knownKeys(schema.shape[String(key)], rest);
  }
  return schema instanceof z.ZodArray && key !== undefined ? knownKeys(schema.element, rest) : [];
}

/** The known word that is fewest edits away from `word`; undefined without any known word. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  return known.toSorted((a, b) => distance(word, a) - distance(word, b))[0];
}

/** Levenshtein distance: inserted, deleted and replaced characters, each one edit. */
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 0; i < a.length; i++) {
    const row = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const replaced = (previous[j] ?? 0) + (a[i] === b[j] ? 0 : 1);
      row.push(Math.min(replaced, (previous[j + 1] ?? 0) + 1, (row[j] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}
