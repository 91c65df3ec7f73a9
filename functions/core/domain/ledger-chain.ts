import { createHash } from 'node:crypto';
import type { Entry } from '../contract/ledger.ts';

/** What the first entry names as its previous one. */
export const CHAIN_START = '0'.repeat(64);

/** SHA-256 of an entry with its keys in order, hexadecimal: what the next entry names as `previous`. */
export function entryHash(entry: Entry): string {
  return createHash('sha256').update(canonical(entry)).digest('hex');
}

/** First 16 hexadecimal digits of the SHA-256 of settings: the settings revision. */
export function settingsHash(settings: unknown): string {
  return createHash('sha256').update(canonical(settings)).digest('hex').slice(0, 16);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
