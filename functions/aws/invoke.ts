import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import type * as z from 'zod';

/**
 * Invokes a target's own function and waits for its answer.
 * @throws {Error} with what the function said when it failed; {@link z.ZodError} for an answer that is not `output`
 */
export async function invoke<O extends z.ZodType>(
  client: LambdaClient,
  functionName: string,
  input: unknown,
  output: O,
): Promise<z.output<O>> {
  const { Payload, FunctionError } = await client.send(
    new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(input) }),
  );
  const text = Payload?.transformToString() ?? '';
  if (FunctionError !== undefined) throw new Error(`${functionName} failed: ${text.slice(0, 500)}`);
  return output.parse(JSON.parse(text));
}
