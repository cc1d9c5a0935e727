import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { main } from '../../src/cli/main.ts';

/** The built command line. */
export const COMMAND = fileURLToPath(new URL('../../bin/predictlab.js', import.meta.url));

export interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command line as a user would. */
export function predictlab(
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
  cwd?: string,
  /** The program; another build's where that one is tested. */
  command: string = COMMAND,
): Promise<Answer> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [command, ...args],
      { env: { ...env, LOG_LEVEL: 'warn', NO_COLOR: '1' }, cwd, maxBuffer: 64 << 20 },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, stdout, stderr });
      },
    );
  });
}

/** The last call in this process: only one at a time may use the environment and the streams of the process. */
let last: Promise<unknown> = Promise.resolve();

/**
 * Runs the command line inside this process, for commands that only read: no new process, no second copy of the client.
 * Not for commands that listen to signals (`run`, `watch`, `worker`). A call while another one runs, a test that was timed out
 * for example, waits: two at once would give back each other's environment, and every later test of the process would have it.
 */
export async function predictlabHere(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Answer> {
  const mine = last.then(() => runHere(args, env));
  last = mine.catch(() => undefined);
  return await mine;
}

async function runHere(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Answer> {
  const before = { env: process.env, exitCode: process.exitCode, out: process.stdout.write, err: process.stderr.write };
  const said = { stdout: '', stderr: '' };
  const listenTo = (stream: 'stdout' | 'stderr') => (text: string | Uint8Array, encoding?: unknown, callback?: unknown) => {
    said[stream] += typeof text === 'string' ? text : Buffer.from(text).toString();
    // some commands wait until their output is written
    const done = typeof encoding === 'function' ? encoding : callback;
    if (typeof done === 'function') setImmediate(done as () => void);
    return true;
  };
  process.env = { ...env, LOG_LEVEL: 'warn', NO_COLOR: '1' };
  process.exitCode = undefined;
  process.stdout.write = listenTo('stdout');
  process.stderr.write = listenTo('stderr');
  try {
    const code = await main(args);
    return { code, ...said };
  } finally {
    process.env = before.env;
    process.exitCode = before.exitCode;
    process.stdout.write = before.out;
    process.stderr.write = before.err;
  }
}
