// The hook of the local repository: hands the pushed references to `npm start` and prints its answer to the person who pushed.
// Usage: hook.mjs <address of npm start's receiver>; the references come on standard input, as git gives them.
import { text } from 'node:stream/consumers';

/** Seconds that a push waits for its build. */
const DEADLINE = 15 * 60;

const address = process.argv[2] ?? '';
try {
  const body = await text(process.stdin);
  const response = await fetch(address, { method: 'POST', body, signal: AbortSignal.timeout(DEADLINE * 1000) });
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) process.stdout.write(decoder.decode(chunk, { stream: true }));
  process.exitCode = response.ok ? 0 : 1;
} catch {
  process.stdout.write('farol: npm start is not running (or ended meanwhile): start it and push again\n');
  process.exitCode = 1;
}
