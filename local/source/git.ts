import { execa } from 'execa';

/** Nothing of the person's own configuration decides what happens in Farol's repositories. */
const OWN = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_AUTHOR_NAME: 'Farol',
  GIT_AUTHOR_EMAIL: 'farol@example.com',
  GIT_COMMITTER_NAME: 'Farol',
  GIT_COMMITTER_EMAIL: 'farol@example.com',
};
/** Inside a hook or another git command these would lead git to the wrong repository. */
const ELSEWHERE = { GIT_DIR: undefined, GIT_WORK_TREE: undefined, GIT_INDEX_FILE: undefined };

/** Runs git in `folder` as Farol; gives what it prints, without the last line end. */
export async function git(folder: string, args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const { stdout } = await execa('git', args, { cwd: folder, env: { ...ELSEWHERE, ...OWN, ...env }, timeout: 60_000 });
  return stdout;
}

/** Like {@link git} in a person's own repository, whose safety settings count; undefined: git refused. */
export async function askGit(folder: string, args: readonly string[]): Promise<string | undefined> {
  const { stdout, exitCode } = await execa('git', args, {
    cwd: folder,
    env: ELSEWHERE,
    timeout: 60_000,
    reject: false,
  });
  return exitCode === 0 ? stdout : undefined;
}
