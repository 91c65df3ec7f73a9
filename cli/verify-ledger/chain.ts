import { AnchorLine, entryKey } from '#core/contract/anchor.ts';
import { Entry } from '#core/contract/ledger.ts';
import { CHAIN_START, entryHash } from '#core/domain/ledger-chain.ts';

/** An item of a target's partition, as it lies in the table of entries now. */
export interface StoredEntry {
  readonly key: string;
  /** Without its keys. */
  readonly item: unknown;
}

/** A line of the log of anchors. */
export interface LoggedLine {
  readonly text: string;
  /** When CloudWatch took it, milliseconds since the epoch: the writer cannot choose it. */
  readonly taken: number;
}

/** Something that is not as Farol left it. */
export interface Finding {
  readonly what:
    | 'missing'
    | 'no entry'
    | 'changed'
    | 'broken chain'
    | 'cut off'
    | 'not anchored'
    | 'touched'
    | 'anchored twice'
    | 'no anchor';
  /** Number of the entry that it is about; absent: of none alone. */
  readonly seq?: number;
  readonly sentence: string;
}

/** How a target's ledger was found. */
export interface Verdict {
  readonly entries: number;
  /** Number of the last entry that is as it was anchored, as is every entry before it. */
  readonly proven: number;
  /** Entries after it, too new to be anchored yet. */
  readonly waiting: number;
  /** The first ones, {@link MOST_FINDINGS} at most. */
  readonly findings: readonly Finding[];
  readonly furtherFindings: number;
}

export const MOST_FINDINGS = 100;

/** Until then an entry need not be anchored: DynamoDB tells of it within seconds, and what fails is tried again. */
const ANCHORED_WITHIN_MS = 15 * 60_000;

/**
 * Holds a target's entries against the anchors that were taken of them. Anchors come first, then the entries, in the order
 * of their keys; neither is kept whole but for one hash for each number.
 */
export class ChainCheck {
  readonly #anchors = new Map<number, { readonly hash: string; readonly taken: number }>();
  readonly #findings: Finding[] = [];
  #further = 0;
  #entries = 0;
  /** Number that the next entry must have, and what it must name as the one before. */
  #next = 1;
  #previous: string | undefined = CHAIN_START;
  #proven = 0;
  /** Whether everything up to here is as it was. */
  #sound = true;
  #unproven: { readonly seq: number; readonly at: number }[] = [];

  anchor({ text, taken }: LoggedLine): void {
    const at = new Date(taken).toISOString();
    const line = parsed(text);
    if (line === undefined)
      return this.#find({ what: 'no anchor', sentence: `At ${at}, the log took a line that is no anchor.` });
    if ('trespass' in line) {
      const { item, trespass } = line;
      return this.#find({
        what: 'touched',
        sentence: `At ${at}, DynamoDB told that ${item} was ${trespass === 'no entry' ? 'put, which is no entry' : trespass}.`,
      });
    }
    const { seq, hash } = line;
    const first = this.#anchors.get(seq);
    if (first === undefined) this.#anchors.set(seq, { hash, taken });
    // The same line twice is a repetition. Another one is of another entry in the same place: the first one counts.
    else if (first.hash !== hash)
      this.#find({
        what: 'anchored twice',
        seq,
        sentence: `Entry ${seq} was anchored again at ${at}, as another one.`,
      });
  }

  entry({ key, item }: StoredEntry): void {
    this.#entries += 1;
    const { data: entry } = Entry.safeParse(item);
    if (entry === undefined || key !== entryKey(entry.seq)) {
      this.#break({ what: 'no entry', sentence: `The item ${key} is no entry of Farol's.` });
      // What follows cannot be held against it.
      this.#previous = undefined;
      return;
    }
    const { seq } = entry;
    if (seq > this.#next) {
      const gone = seq - 1 === this.#next ? `Entry ${this.#next} is` : `Entries ${this.#next} to ${seq - 1} are`;
      this.#break({ what: 'missing', seq: this.#next, sentence: `${gone} missing.` });
    } else if (this.#previous !== undefined && entry.previous !== this.#previous) {
      this.#break({
        what: 'broken chain',
        seq,
        sentence: `Entry ${seq} does not follow from entry ${seq - 1}: one of them is not what it was.`,
      });
    }
    this.#compare(entry);
    this.#next = seq + 1;
    this.#previous = entryHash(entry);
  }

  #compare(entry: Entry): void {
    const { seq } = entry;
    const anchor = this.#anchors.get(seq);
    if (anchor === undefined) {
      this.#unproven.push({ seq, at: Date.parse(entry.at) });
    } else if (anchor.hash === entryHash(entry)) {
      // What was found before is proven by nothing that comes after it.
      if (this.#sound) this.#proven = seq;
      this.#unproven = [];
    } else {
      const at = new Date(anchor.taken).toISOString();
      this.#break({
        what: 'changed',
        seq,
        sentence: `Entry ${seq} (${entry.type}) is not the one that was anchored at ${at}.`,
      });
      this.#unproven = [];
    }
    this.#anchors.delete(seq);
  }

  /** @param now milliseconds since the epoch */
  end(now: number): Verdict {
    // What is left was anchored and was not met: the missing ones inside the chain are told of already.
    const cutOff = [...this.#anchors.keys()].filter((seq) => seq >= this.#next);
    if (cutOff.length > 0)
      this.#find({
        what: 'cut off',
        seq: this.#next,
        sentence: `The chain ends with entry ${this.#next - 1}; entries up to ${cutOff.reduce((a, b) => Math.max(a, b))} were anchored.`,
      });
    const [oldest] = this.#unproven;
    if (oldest !== undefined && now - oldest.at > ANCHORED_WITHIN_MS)
      this.#find({
        what: 'not anchored',
        seq: oldest.seq,
        sentence: `Entry ${oldest.seq} and what follows it were never anchored: nothing proves them.`,
      });
    return {
      entries: this.#entries,
      proven: this.#proven,
      waiting: this.#unproven.length,
      findings: this.#findings,
      furtherFindings: this.#further,
    };
  }

  /** Something is wrong with the chain itself. */
  #break(finding: Finding): void {
    this.#sound = false;
    this.#find(finding);
  }

  #find(finding: Finding): void {
    if (this.#findings.length < MOST_FINDINGS) this.#findings.push(finding);
    else this.#further += 1;
  }
}

function parsed(text: string): AnchorLine | undefined {
  try {
    return AnchorLine.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
