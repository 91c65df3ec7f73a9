import * as z from 'zod';
import { Problem } from './problem.ts';

/** Asks a function by its URL, as the person whose credentials are in use. */
export type AskFunction = (
  name: string,
  input: object,
) => Promise<{ /** HTTP status. */ readonly status: number; readonly text: string }>;

/** What a function of Farol answers to a person: how it went, in one word and in one sentence. */
const Answer = z.looseObject({ outcome: z.string(), sentence: z.string() });

/**
 * Asks a function of Farol to act for a person.
 * @returns its sentence
 * @throws {Problem} with its sentence when it refused
 */
export async function decide(ask: AskFunction, name: string, input: object): Promise<string> {
  const { status, text } = await ask(name, input);
  // Lambda's own answer: the function was not asked.
  if (status === 401 || status === 403)
    throw new Problem(
      `AWS does not let you ask ${name}: ${text.slice(0, 500)}`,
      'Is your session still valid? If it is, ask the administrator of the account for the policy that docs/deploy.md names for this command.',
    );
  const answer = Answer.safeParse(parse(text));
  if (status !== 200 || !answer.success)
    throw new Problem(
      `${name} failed: ${text.slice(0, 500)}`,
      `Read its log: aws logs tail /aws/lambda/${name} --since 10m. Nothing was decided unless the ledger says so: npm run farol -- status`,
    );
  const { outcome, sentence } = answer.data;
  if (outcome === 'refused') throw new Problem(sentence, 'Look at what runs and waits with `npm run farol -- status`.');
  return sentence;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
