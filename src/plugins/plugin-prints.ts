import { AsyncLocalStorage } from 'node:async_hooks';
import { Console } from 'node:console';
import process from 'node:process';
import { Writable } from 'node:stream';
import { secretsOf } from '../secrets/secrets.ts';

/** Receives each printed line, with level `info` for standard output and `warn` for standard error. */
export type HearPrints = (level: 'info' | 'warn', line: string) => void;

/** Maximum number of logged lines, so that code that prints in a loop does not fill the log. */
const MAX_LINES = 1_000;
const MAX_LINE_LENGTH = 10_000;

const listeners = new AsyncLocalStorage<HearPrints>();
let defaultListener: HearPrints | undefined;
let replaced = false;

/** Runs a plugin's code and passes the first 1,000 lines that it prints with `console` to `hear`, even those of a later timer. */
export function capturePrints<T>(hear: HearPrints, work: () => T): T {
  replaceConsole();
  let left = MAX_LINES;
  const bounded: HearPrints = (level, line) => {
    if (left < 0) return;
    if (left-- === 0) return hear('warn', `printed ${MAX_LINES} lines; further lines are dropped`);
    hear(level, line.length > MAX_LINE_LENGTH ? `${line.slice(0, MAX_LINE_LENGTH)}… (${line.length} characters)` : line);
  };
  return listeners.run(bounded, work);
}

/** Writes to standard error, without secrets, what a plugin prints outside a task: while it is loaded or a strategy decides. */
export const printOnStandardError = (module: string): HearPrints => {
  const { text } = secretsOf(process.env);
  return (_, line) => void process.stderr.write(`${module}: ${text(line)}\n`);
};

// captured, because a plugin that reads the clock is not provable, and prints run in its name
const now = performance.now.bind(performance);

/** Bytes per second that a thread may write outside its tasks; what exceeds them is dropped. */
const STRAY_BYTES_A_SECOND = 64 * 1024;

/**
 * Turns what code writes to `process.stdout` and `process.stderr` of this thread into lines of its task's log; outside a task it goes to
 * the worker's streams, up to a limit. For threads that run plugins only.
 */
export function captureStreams(): void {
  for (const [stream, level] of [
    [process.stdout, 'info'],
    [process.stderr, 'warn'],
  ] as const) {
    const write = stream._write.bind(stream);
    let [since, bytes] = [now(), 0];
    stream._write = (chunk: string | Buffer, encoding, done) => {
      const hear = listeners.getStore();
      if (hear !== undefined) {
        for (const line of chunk.toString().replace(/\n$/, '').split('\n')) hear(level, line);
        return done();
      }
      if (now() - since >= 1_000) [since, bytes] = [now(), 0];
      bytes += chunk.length;
      if (bytes > STRAY_BYTES_A_SECOND) return done();
      write(chunk, encoding, done);
    };
    // otherwise Node.js would write several buffered chunks with `_writev`, which bypasses the replaced `_write`
    stream._writev = undefined;
  }
}

/** Redirects what `console` prints outside a task to standard error; for processes and threads that run only PredictLab. */
export function keepStandardOutput(): void {
  replaceConsole();
  defaultListener = (_, line) => void process.stderr.write(`${secretsOf(process.env).text(line)}\n`);
}

/** Replaces the methods of `console` once; code without a listener prints as before. */
function replaceConsole(): void {
  if (replaced) return;
  replaced = true;
  const listener = (): HearPrints | undefined => listeners.getStore() ?? defaultListener;
  const stream = (level: 'info' | 'warn'): Writable =>
    new Writable({
      decodeStrings: false,
      write(chunk: string, _, done) {
        for (const line of chunk.replace(/\n$/, '').split('\n')) listener()?.(level, line);
        done();
      },
    });
  const capturing = new Console({ stdout: stream('info'), stderr: stream('warn') });
  const methods = console as unknown as Record<string, unknown>;
  for (const [name, capture] of Object.entries(capturing)) {
    const own = methods[name];
    if (typeof capture !== 'function' || typeof own !== 'function') continue;
    methods[name] = (...args: unknown[]): unknown =>
      (listener() === undefined ? own : (capture as typeof own)).apply(console, args) as unknown;
  }
}
