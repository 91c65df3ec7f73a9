import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { type SmokeCheck, VersionAnswer } from '../contract/release.ts';
import type { Slot } from '../contract/slot.ts';

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly ms: number;
}

/** Why an answer does not satisfy its check, in words; `undefined` when it does. */
export function judgeAnswer(check: SmokeCheck, answer: Answer): string | undefined {
  try {
    return mismatch(check, answer);
  } catch {
    // JSON that is nested deeper than the stack: what the application answers breaks nothing here.
    return 'the body cannot be compared';
  }
}

function mismatch(check: SmokeCheck, { status, body, ms }: Answer): string | undefined {
  if (status !== check.status) return `status ${status} instead of ${check.status}`;
  if (check.maxMs !== undefined && ms > check.maxMs)
    return `took ${Math.round(ms)} ms, at most ${check.maxMs} ms are allowed`;
  if (check.contains !== undefined && !body.includes(check.contains))
    return `the body does not contain ${JSON.stringify(check.contains)}`;
  if (check.json === undefined) return undefined;
  const parsed = parse(body);
  if (parsed === undefined) return 'the body is no JSON object';
  for (const [key, value] of Object.entries(check.json)) {
    // By their values: in JSON, the order of an object's members says nothing.
    if (!isDeepStrictEqual(parsed[key], value)) {
      return `member ${key} is ${JSON.stringify(parsed[key])} instead of ${JSON.stringify(value)}`;
    }
  }
  return undefined;
}

/** Why an answer of the version path does not prove that the expected release answered from the expected slot. */
export function judgeVersion(
  expected: { version: string; digest: string; slot: Slot },
  { status, body }: Answer,
): string | undefined {
  if (status !== 200) return `status ${status} instead of 200`;
  const answer = VersionAnswer.safeParse(parse(body));
  if (!answer.success) return 'the body is no version answer ({version, digest, commit, slot})';
  for (const key of ['version', 'digest', 'slot'] as const) {
    if (answer.data[key] !== expected[key])
      return `another ${key} answered: ${answer.data[key]} instead of ${expected[key]}`;
  }
  return undefined;
}

const JsonObject = z.record(z.string(), z.unknown());

function parse(body: string): z.infer<typeof JsonObject> | undefined {
  try {
    return JsonObject.safeParse(JSON.parse(body)).data;
  } catch {
    return undefined;
  }
}
