import { AsyncLocalStorage } from 'node:async_hooks';
import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { secretsOf } from '../secrets/secrets.ts';

/** Called with each printed line: at `info` what would go to standard output, at `warn` what to standard error. */
export type HearPrints = (level: 'info' | 'warn', line: string) => void;

/** Who prints in a loop fills a log with it and nothing else. */
const MOST_LINES = 1_000;
const LONGEST_LINE = 10_000;

const listeners = new AsyncLocalStorage<HearPrints>();
let elsewhere: HearPrints | undefined;
let heard = false;

/**
 * Runs code of a plugin. What it prints with `console`, at once or from a timer later, is logged line by line, the first 1,000 lines; standard output
 * belongs to what a command prints.
 */
export function hearPrints<T>(hear: HearPrints, work: () => T): T {
  replaceConsole();
  let left = MOST_LINES;
  const bounded: HearPrints = (level, line) => {
    if (left < 0) return;
    if (left-- === 0) return hear('warn', `printed ${MOST_LINES} lines; what follows is not kept`);
    hear(level, line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}… (${line.length} characters)` : line);
  };
  return listeners.run(bounded, work);
}

/** Tells on standard error, without secrets, what a plugin prints while no task of it runs: while it is loaded, or a strategy decides. */
export const printOnStandardError = (module: string): HearPrints => {
  const { text } = secretsOf(process.env);
  return (_, line) => void process.stderr.write(`${module}: ${text(line)}\n`);
};

/** For processes and threads that are ours alone: whatever `console` prints outside of a task goes to standard error too. */
export function keepStandardOutput(): void {
  replaceConsole();
  elsewhere = (_, line) => void process.stderr.write(`${secretsOf(process.env).text(line)}\n`);
}

/** The console stays what it is for everybody whom nobody hears. */
function replaceConsole(): void {
  if (heard) return;
  heard = true;
  const listener = (): HearPrints | undefined => listeners.getStore() ?? elsewhere;
  const stream = (level: 'info' | 'warn'): Writable =>
    new Writable({
      decodeStrings: false,
      write(chunk: string, _, done) {
        for (const line of chunk.replace(/\n$/, '').split('\n')) listener()?.(level, line);
        done();
      },
    });
  const ours = new Console({ stdout: stream('info'), stderr: stream('warn') });
  const theirs = console as unknown as Record<string, unknown>;
  for (const [name, say] of Object.entries(ours)) {
    const own = theirs[name];
    if (typeof say !== 'function' || typeof own !== 'function') continue;
    theirs[name] = (...words: unknown[]): unknown =>
      (listener() === undefined ? own : (say as typeof own)).apply(console, words) as unknown;
  }
}
