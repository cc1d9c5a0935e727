import { type ChildProcess, spawn } from 'node:child_process';
import { afterEach, expect, test } from 'vitest';
import { howEnded, stopProcess } from '../../src/set-up/processes/child-process.ts';
import { type KeptProcess, keepRunning, type ServingProcess } from '../../src/set-up/processes/kept-process.ts';

const children: ChildProcess[] = [];
const kept: KeptProcess[] = [];
afterEach(async () => {
  await Promise.all(kept.splice(0).map((process) => process.close()));
  await Promise.all(children.splice(0).map((child) => stopProcess(child)));
});

/** A process that serves until it is requested to end, or ends by itself at once. */
function serving(code = 'setInterval(() => {}, 1000)'): ServingProcess {
  const child = spawn(process.execPath, ['-e', code], { stdio: 'ignore' });
  children.push(child);
  const exited = new Promise<string>((resolve) => child.once('exit', (exit, signal) => resolve(howEnded(exit, signal))));
  return { pid: child.pid!, logFile: '/logs/worker.log', exited, close: () => stopProcess(child) };
}

interface Keeping {
  readonly first?: ServingProcess;
  readonly next?: (ended: ServingProcess) => Promise<ServingProcess>;
  readonly steadyMs?: number;
}

/** Keeps a process without waiting in between; what it says and the pauses it wants are gathered. */
function keep({ first = serving(), next, steadyMs }: Keeping) {
  const said: string[] = [];
  const pauses: number[] = [];
  const say = (line: string) => void said.push(line);
  const pause = async (ms: number) => void pauses.push(ms);
  const process = keepRunning({ what: 'the worker', first, next, steadyMs, log: { info: say, warn: say }, pause });
  kept.push(process);
  return { process, said, pauses };
}

test('a process that is killed is started again, and one line states the reason and the log file', async () => {
  const second = serving();
  let ended: ServingProcess | undefined;
  const up = new Promise<void>((resolve) => {
    const first = serving();
    const { said } = keep({
      first,
      next: async (before) => {
        ended = before;
        expect(before).toBe(first);
        expect(said).toEqual(['the worker ended by SIGKILL; its log: /logs/worker.log; it is started again in 1 s']);
        resolve();
        return second;
      },
    });
    process.kill(first.pid, 'SIGKILL');
  });
  await up;
  expect(ended).toBeDefined();
  await kept[0]?.close();
  expect(await second.exited).toBe('ended by SIGTERM');
});

test('the pause before a restart grows from 1 s to 30 s while a process ends quickly, and is short again after a long life', async () => {
  const lives = async (steadyMs: number) => {
    let starts = 0;
    const done = new Promise<readonly number[]>((resolve) => {
      const { pauses } = keep({
        steadyMs,
        first: serving('0'),
        next: async () => {
          if (++starts < 7) return serving('0');
          resolve(pauses);
          return serving();
        },
      });
    });
    return await done;
  };
  const [quick, long] = await Promise.all([lives(60_000), lives(0)]);
  expect(quick).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  expect(long).toEqual(Array.from({ length: 7 }, () => 1_000));
});

test('a process that ended ten times before it was ready is not started again, and the message has the last reason', async () => {
  let starts = 0;
  const { process, said } = keep({
    first: serving('process.exit(3)'),
    next: async () => {
      // one success in between: only failures in a row count
      if (++starts === 9) return serving('0');
      throw new Error('the worker did not start (ended with exit code 2): the plugin is gone\n(/logs/worker.log)');
    },
  });
  expect(await process.lost).toBe(
    'the worker did not start (ended with exit code 2): the plugin is gone (/logs/worker.log); it did not become ready 10 times in a row: fix this and start again',
  );
  expect(starts).toBe(19);
  expect(said[0]).toMatch(/^the worker ended with exit code 3;/);
});

test('a process that is not to be restarted counts as lost at its first end', async () => {
  const first = serving();
  const { process: one, said } = keep({ first });
  process.kill(first.pid, 'SIGKILL');
  expect(await one.lost).toBe('the worker ended by SIGKILL; its log: /logs/worker.log');
  expect(said).toEqual([]);
});

test('no process is started after close, even when a start was in progress', async () => {
  const first = serving();
  let second: ServingProcess | undefined;
  let close: Promise<void> | undefined;
  const starting = new Promise<void>((resolve) => {
    const { process: one } = keep({
      first,
      next: async () => {
        close = one.close();
        second = serving();
        resolve();
        return second;
      },
    });
    process.kill(first.pid, 'SIGKILL');
  });
  await starting;
  await close;
  expect(await second?.exited).toBe('ended by SIGTERM');
});
