#!/usr/bin/env node
import { argv, env } from 'node:process';
import { CommanderError } from '@commander-js/extra-typings';
import { EXIT, explain } from './problem.ts';
import { program } from './program.ts';
import { terminal } from './terminal.ts';

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (interruption.signal.aborted) {
      terminal.log('Ended at once. What was under way may go on in AWS: look at it in the console.');
      process.exit(EXIT.interrupted);
    }
    interruption.abort();
  });
}

try {
  process.exitCode = await program(argv, { terminal, interrupted: interruption.signal, environment: env });
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : EXIT.usage;
  else {
    const problem = explain(error);
    terminal.log(`farol: ${problem.message}\n  ${problem.todo}`);
    if (env['DEBUG']) console.error(error);
    process.exitCode = problem.exitCode;
  }
}
