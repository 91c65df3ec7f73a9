// A hook of the local repository: hands the pushed references to `npm start` and prints its answer to the person who pushed.
// Usage: hook.mjs <address of npm start's receiver> [reference before after]; without a reference they come on standard input, as git
// gives them to pre-receive.
import { once } from 'node:events';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';

/** Seconds that a push waits for its build. */
const DEADLINE = 15 * 60;

const [address = '', reference, before, after] = process.argv.slice(2);
try {
  const body = reference === undefined ? await text(process.stdin) : `${before} ${after} ${reference}\n`;
  // All hooks of a push are started by one process.
  const call = request(`${address}?push=${process.ppid}`, {
    method: 'POST',
    signal: AbortSignal.timeout(DEADLINE * 1000),
  });
  const answered = once(call, 'response');
  call.end(body);
  const [response] = await answered;
  for await (const chunk of response.setEncoding('utf8')) process.stdout.write(chunk);
  // How builds ended is known at their end, long after the status was sent.
  const refused = response.statusCode !== 200 || response.trailers['farol-outcome'] === 'refused';
  process.exitCode = refused ? 1 : 0;
} catch {
  process.stdout.write('farol: npm start is not running (or ended meanwhile): start it and push again\n');
  process.exitCode = 1;
}
