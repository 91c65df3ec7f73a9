import { stderr, stdin, stdout } from 'node:process';
import confirm from '@inquirer/confirm';
import input from '@inquirer/input';
import password from '@inquirer/password';
import { EXIT, Problem } from './problem.ts';

/** The person in front of a command. */
export interface Terminal {
  /** Whether somebody can be asked. */
  readonly interactive: boolean;
  /** A line of the result. */
  print(line: string): void;
  /** A line about how things go: progress, warnings. */
  log(line: string): void;
  /** Yes or no; Enter alone is no. */
  confirm(question: string): Promise<boolean>;
  /** A line of text. */
  text(question: string): Promise<string>;
  /** A line that is not shown while it is typed. */
  secret(question: string): Promise<string>;
}

/** The terminal that the command was started from. Results go to stdout, the rest to stderr. */
export const terminal: Terminal = {
  interactive: stdin.isTTY && stderr.isTTY,
  print: (line) => stdout.write(`${line}\n`),
  log: (line) => stderr.write(`${line}\n`),
  confirm: (message) => asked(confirm({ message, default: false }, { output: stderr })),
  text: (message) => asked(input({ message, required: true }, { output: stderr })),
  secret: (message) => asked(password({ message, mask: false }, { output: stderr })),
};

/** Ctrl-C at a question is an answer: no. */
async function asked<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Error && error.name === 'ExitPromptError')
      throw new Problem(
        'Ended at the question.',
        'Nothing was changed; repeat the command when you are ready.',
        EXIT.interrupted,
      );
    throw error;
  }
}
