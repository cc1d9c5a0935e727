import { execFile, spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { namesToComplete, SHELL_SCRIPTS } from '../../src/cli/commands/completion.ts';
import { candidatesFor, type Names } from '../../src/cli/completion/candidates.ts';
import { createProgram } from '../../src/cli/program.ts';
import { predictlab } from './run-main.ts';

const RUNS = ['pipeline-2026-11-24T08:00:00Z-0f66', 'monday'];
const names: Names = { symbols: async () => ['BTC_PRICE', 'ETH_PRICE'], runs: async () => RUNS };

/** Completions of the last word of a command line. */
async function complete(line: string): Promise<readonly string[] | 'files'> {
  const words = line.split(' ');
  const found = await candidatesFor(await createProgram(words[0]), words, names);
  return found === 'files' ? found : found.map(({ word }) => word);
}

describe('the shell completion', () => {
  it.each([
    ['ru', ['run', 'runs']],
    ['run --sym', ['--symbols']],
    ['run --symbols BTC_PRICE E', ['ETH_PRICE']],
    ['run --symbols BTC_PRICE --until st', ['store']],
    ['run --until=st', ['--until=store']],
    ['plan --order ', ['fifo', 'priority', 'critical-path']],
    ['status pipe', [RUNS[0]]],
    ['why monday ETH_PRICE/co', ['ETH_PRICE/collect']],
    ['runs compare monday p', [RUNS[0]]],
    ['schedule cre', ['create']],
    ['schedule create --cro', ['--cron']],
    ['symbols enable BTC_PRICE E', ['ETH_PRICE']],
    ['export tr', ['trades']],
    ['backtest file --strategy sma', ['sma-cross']],
    ['backtest w', ['walk-forward']],
    ['completion z', ['zsh']],
    ['nonsense ', []],
    ['status -- mo', ['monday']],
  ])('of %j offers %j', async (line, expected) => {
    expect(await complete(line)).toEqual(expected);
  });

  it('leaves files to the shell', async () => {
    for (const line of ['run --file ', 'candles --ticks tr', 'restore mon', 'import ticks ']) expect(await complete(line)).toBe('files');
  });

  it('offers runs and symbols without a server, from the files in the home folder', async () => {
    const home = await mkdtemp(path.join(tmpdir(), 'predictlab-completion-'));
    const folder = path.join(home, 'reports', 'pipeline-2026-11-24T08.00Z');
    await mkdir(folder, { recursive: true });
    await mkdir(path.join(home, 'reports', 'odd-name.0123456789'), { recursive: true });
    await mkdir(path.join(home, 'logs', 'runs', 'monday'), { recursive: true });
    for (const page of ['index.html', 'OWN.html']) await writeFile(path.join(folder, page), '');
    const known = namesToComplete(home, {});
    expect([...(await known.runs())].sort()).toEqual(['monday', 'pipeline-2026-11-24T08:00Z']);
    expect(await known.symbols()).toEqual(expect.arrayContaining(['BTC_PRICE', 'OWN']));
    await rm(home, { recursive: true });
  });

  it('refuses an unknown shell in one sentence', async () => {
    const { code, err } = await predictlab('completion', 'tcsh');
    expect({ code, err }).toEqual({ code: 2, err: 'predictlab: completion tcsh: there are bash, zsh, fish; did you mean bash?\n' });
  });
});

describe('the completion script', () => {
  let folder: string;
  /** A stand-in for `predictlab` that records its arguments and prints fixed completions. */
  const answers = `#!/bin/sh
printf '%s|' "$@" > "$(dirname "$0")/asked"
case "$*" in
  *' --file '*) echo :files ;;
  *pipe*) echo 'pipeline-2026-11-24T08:00:00Z-0f66'; echo 'pipeline-2026-11-24T12:00:00Z-1a2b' ;;
  *) [ "$2" = bash ] && echo --symbols || printf -- '--symbols\\tsymbols: of the catalogue\\n' ;;
esac
`;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'predictlab-shells-'));
    await writeFile(path.join(folder, 'predictlab'), answers);
    await chmod(path.join(folder, 'predictlab'), 0o755);
    for (const [shell, script] of Object.entries(SHELL_SCRIPTS)) await writeFile(path.join(folder, `script.${shell}`), script);
  });
  afterAll(async () => await rm(folder, { recursive: true }));

  const here = (shell: string): boolean => spawnSync(shell, ['--version']).status === 0;
  const ask = async (shell: string, ...args: string[]): Promise<string[]> => {
    const env = { PATH: `${folder}:${process.env.PATH}`, HOME: folder, TERM: 'dumb' };
    const { stdout } = await promisify(execFile)(shell, args, { cwd: folder, env });
    return stdout.split('\n').filter((line) => line !== '');
  };

  it.skipIf(!here('bash'))('of bash completes options and ids, also behind a colon', async () => {
    const at = async (line: string): Promise<string[]> =>
      await ask(
        'bash',
        '--norc',
        '-c',
        `source ./script.bash; COMP_LINE='${line}'; COMP_POINT=${line.length}; _predictlab 2>/dev/null; printf '%s\\n' "\${COMPREPLY[@]}"`,
      );
    expect(await at('predictlab run --sy')).toEqual(['--symbols']);
    expect(await at('predictlab status pipe')).toEqual(['pipeline-2026-11-24T08:00:00Z-0f66', 'pipeline-2026-11-24T12:00:00Z-1a2b']);
    expect(await at('predictlab status pipeline-2026-11-24T08:')).toContain('00:00Z-0f66');
    expect(await at('predictlab run --file ')).toEqual([]);
  });

  it.skipIf(!here('zsh'))('of zsh completes options and ids, with their descriptions', async () => {
    const at = async (...words: string[]): Promise<string[]> =>
      await ask(
        'zsh',
        '-f',
        '-c',
        `compdef() { }; _files() { print files }; _describe() { print -l -- "\${found[@]}" }; source ./script.zsh; words=(predictlab ${words.map((word) => `'${word}'`).join(' ')}); CURRENT=${words.length + 1}; _predictlab`,
      );
    expect(await at('run', '--sy')).toEqual(['--symbols:symbols: of the catalogue']);
    expect((await at('status', 'pipe'))[0]).toMatch(/^pipeline-2026-11-24T08\\:00\\:00Z-0f66$/);
    expect(await at('run', '--file', '')).toEqual(['files']);
  });

  it.skipIf(!here('fish'))('of fish completes options and ids, with their descriptions', async () => {
    const at = async (line: string): Promise<string[]> => await ask('fish', '-N', '-c', `source ./script.fish; complete -C '${line}'`);
    expect(await at('predictlab run --sy')).toEqual(['--symbols\tsymbols: of the catalogue']);
    expect(await at('predictlab status pipe')).toEqual(['pipeline-2026-11-24T08:00:00Z-0f66', 'pipeline-2026-11-24T12:00:00Z-1a2b']);
  });
});
