import { execFile } from 'node:child_process';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ROOT } from './bench-stack.ts';
import { median } from './measure.ts';
import type { BenchResult } from './result.ts';

/** A page or a command whose answers are timed. */
export interface Look {
  readonly name: string;
  /** Waits for one answer. @returns its length in bytes @throws where it is not the expected one */
  readonly answer: () => Promise<number>;
}

/** Looks at a page of the live pages. */
export const pageLook = (address: string, page: string): Look => ({
  name: page,
  async answer() {
    const response = await fetch(new URL(page, address));
    const text = await response.text();
    if (!response.ok) throw new Error(`${page} answered ${response.status}: ${text.slice(0, 300)}`);
    return text.length;
  },
});

/** Looks through the command line, in a process of its own; its answer must hold a text. */
export const commandLook = (env: NodeJS.ProcessEnv, args: readonly string[], expected: string): Look => ({
  name: `predictlab ${args.join(' ')}`,
  async answer() {
    const { stdout } = await promisify(execFile)(process.execPath, [path.join(ROOT, 'bin/predictlab.js'), ...args], { env });
    if (!stdout.includes(expected)) throw new Error(`predictlab ${args.join(' ')} does not print "${expected}": ${stdout.slice(0, 300)}`);
    return stdout.length;
  },
});

/** The times of one look. */
export interface LookTimes {
  readonly seconds: number[];
  bytes: number;
}

/**
 * Times looks, each in turn, with a pause after each as a reader makes one.
 * @param options.isOver ends the looks before the last turn; a look that it ends is not counted
 */
export async function timeLooks(
  looks: readonly Look[],
  { turns, pauseMs, isOver = () => false }: { readonly turns: number; readonly pauseMs: number; readonly isOver?: () => boolean },
): Promise<ReadonlyMap<string, LookTimes>> {
  const times = new Map(looks.map(({ name }): [string, LookTimes] => [name, { seconds: [], bytes: 0 }]));
  for (let turn = 0; turn < turns && !isOver(); turn++)
    for (const { name, answer } of looks) {
      const from = performance.now();
      const bytes = await answer();
      if (isOver()) break;
      const known = times.get(name) as LookTimes;
      known.seconds.push((performance.now() - from) / 1000);
      known.bytes = bytes;
      await wait(pauseMs);
    }
  return times;
}

/** One result per look: its median, with the slowest in the note. */
export const lookResults = (times: ReadonlyMap<string, LookTimes>, when: string): readonly BenchResult[] =>
  [...times].map(([name, { seconds, bytes }]) => ({
    name: `${name} ${when}`,
    unit: 's',
    better: 'lower',
    ours: median(seconds),
    note: `slowest of ${seconds.length} ${Math.max(...seconds).toFixed(2)} s, ${Math.round(bytes / 1000)} KB, wanted < 1 s`,
  }));
