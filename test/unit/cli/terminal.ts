import type { Terminal } from '../../../cli/terminal.ts';

/** A terminal that remembers what it was told and answers as prepared. */
export class FakeTerminal implements Terminal {
  readonly said: string[] = [];
  readonly told: string[] = [];
  readonly questions: string[] = [];
  readonly interactive: boolean;
  readonly #answers: string[];

  constructor({ interactive = true, answers = [] }: { interactive?: boolean; answers?: string[] } = {}) {
    this.interactive = interactive;
    this.#answers = answers;
  }

  print(line: string): void {
    this.said.push(line);
  }

  log(line: string): void {
    this.told.push(line);
  }

  async confirm(question: string): Promise<boolean> {
    return (await this.text(question)) === 'yes';
  }

  text(question: string): Promise<string> {
    this.questions.push(question);
    const answer = this.#answers.shift();
    return answer === undefined ? Promise.reject(new Error(`nobody answers ${question}`)) : Promise.resolve(answer);
  }

  secret(question: string): Promise<string> {
    return this.text(question);
  }
}
