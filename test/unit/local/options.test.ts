import { describe, expect, test } from 'vitest';
import { HELP, parseOptions } from '../../../local/options.mjs';
import { ROOT } from '../../../local/setup.mjs';

describe('flags of npm start', () => {
  test('without any, the project deploys its own application and stays up', () => {
    const app = expect.stringMatching(/.+\/django$/);
    expect(parseOptions([])).toEqual({
      app,
      exit: false,
      fidelity: 'exact',
      help: false,
      port: null,
      rate: 200,
      runtime: 'process',
    });
  });

  test('all of them', () => {
    const chosen = ['--fidelity', 'like-aws', '--runtime', 'docker'];
    expect(parseOptions(['--app', ROOT, '--exit', '--port=8080', '--rate', '300', ...chosen])).toEqual({
      app: expect.stringContaining('/'),
      exit: true,
      fidelity: 'like-aws',
      help: false,
      port: 8080,
      rate: 300,
      runtime: 'docker',
    });
  });

  test.each([
    [['--exti'], 'Unknown flag --exti: did you mean --exit?'],
    [['--prot', '80'], 'did you mean --port?'],
    [['-x'], 'Unknown flag -x'],
    [['--port'], '--port needs a value'],
    [['--port', '0'], '--port takes a whole number from 1 to 65535'],
    [['--rate', 'fast'], '--rate takes a whole number'],
    [['--fidelity', 'low'], '--fidelity takes exact or like-aws, not "low"'],
    [['--runtime', 'podman'], '--runtime takes process or docker, not "podman"'],
    [['--exit=yes'], '--exit takes no value'],
    [['v1.3.0'], '"v1.3.0" is not a flag'],
    [['--app', '/no/such/folder'], '--app: there is no folder /no/such/folder'],
  ])('%j is refused in one line', (args, line) => {
    expect(() => parseOptions(args)).toThrow(line);
  });

  test('--help names every flag', () => {
    expect(parseOptions(['--help']).help).toBe(true);
    for (const flag of ['--app', '--exit', '--port', '--rate', '--runtime', '--fidelity']) expect(HELP).toContain(flag);
  });
});
