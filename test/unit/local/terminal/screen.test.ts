import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { Screen } from '../../../../local/terminal/screen.ts';

interface Paper {
  readonly screen: Screen;
  /** All that was written. */
  readonly text: () => string;
}

function paper(terminal?: { columns: number }): Paper {
  const stream = new PassThrough();
  const written: string[] = [];
  stream.on('data', (chunk: Buffer) => written.push(chunk.toString()));
  const out = {
    write: (text: string) => stream.write(text),
    isTTY: terminal !== undefined,
    columns: terminal?.columns ?? 0,
  };
  return { screen: new Screen(out), text: () => written.join('') };
}

const withoutTimes = (text: string): string => stripVTControlCharacters(text).replaceAll(/ *\d+\.\d s {2}/g, '');

describe('without a terminal', () => {
  test('each change of what goes on is one line, however often it is told', () => {
    const { screen, text } = paper();
    screen.say('begun');
    screen.status('Bake', 'Bake 10 requests');
    screen.status('Bake', 'Bake 20 requests');
    screen.status('Promote', 'Promote 30 requests');
    screen.endStatus();
    screen.print('the end');
    expect(withoutTimes(text())).toBe('begun\nBake 10 requests\nPromote 30 requests\nthe end\n');
    expect(text()).not.toContain('\r');
  });
});

describe('on a terminal', () => {
  test('what goes on stays the last line, below the lines that stay', () => {
    const { screen, text } = paper({ columns: 80 });
    screen.status('Bake', 'Bake 10 requests');
    screen.say('something happened');
    const clear = '\r\u001b[2K';
    const parts = text().split(clear);
    expect(parts.map(withoutTimes)).toEqual(['Bake 10 requests', 'something happened\nBake 10 requests']);
    screen.endStatus();
    expect(text().endsWith(clear)).toBe(true);
  });

  test('is never longer than a line, which could not be taken back', () => {
    const { screen, text } = paper({ columns: 30 });
    screen.status('long', 'x'.repeat(100));
    expect(stripVTControlCharacters(text())).toHaveLength(29);
  });
});
