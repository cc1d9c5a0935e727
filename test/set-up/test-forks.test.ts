import { spawn } from 'node:child_process';
import { expect, it } from 'vitest';
import { until } from '../support/until.ts';

interface Fork {
  readonly pid: number;
  readonly args: string;
}
const script = new URL('../../scripts/set-up/test-forks.mjs', import.meta.url).href;
const { endForks, forksBelow } = (await import(script)) as {
  forksBelow(pid: number): readonly Fork[];
  endForks(forks: readonly Fork[]): void;
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

it.skipIf(process.platform === 'win32')('a fork of vitest that outlives its parent is ended, and no other process is', async () => {
  const fork = (name: string) =>
    `require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', '${name}'], { stdio: 'ignore' }).pid`;
  const parent = spawn(process.execPath, [
    '-e',
    `console.log(JSON.stringify([${fork('vitest-fork')}, ${fork('other')}])); setInterval(() => {}, 1000)`,
  ]);
  const ended = new Promise((resolve) => parent.once('close', resolve));
  const [own, other] = await new Promise<[number, number]>((resolve) =>
    parent.stdout.once('data', (chunk: Buffer) => resolve(JSON.parse(chunk.toString()) as [number, number])),
  );
  try {
    await until(() => forksBelow(parent.pid!).length > 0);
    const forks = forksBelow(parent.pid!);
    expect(forks.map(({ pid }) => pid)).toEqual([own]);
    parent.kill('SIGKILL');
    await ended;
    endForks(forks);
    await until(() => !isAlive(own));
    expect(isAlive(other)).toBe(true);
    // processes that have ended meanwhile cause no error
    endForks(forks);
  } finally {
    parent.kill('SIGKILL');
    for (const pid of [own, other]) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  }
});
