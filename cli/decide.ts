import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import * as z from 'zod';
import { Problem } from './problem.ts';

/** What a function of Farol answers to a person: how it went, in one word and in one sentence. */
const Answer = z.looseObject({ outcome: z.string(), sentence: z.string() });

/**
 * Asks a function of Farol to act for a person.
 * @returns its sentence
 * @throws {Problem} with its sentence when it refused
 */
export async function decide(lambda: Pick<LambdaClient, 'send'>, name: string, input: object): Promise<string> {
  const { Payload, FunctionError } = await lambda.send(
    new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(input) }),
  );
  const text = Payload === undefined ? '' : Buffer.from(Payload).toString('utf8');
  const answer = Answer.safeParse(parse(text));
  if (FunctionError !== undefined || !answer.success)
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
