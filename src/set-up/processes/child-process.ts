import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

/** Ends a child process with SIGTERM, and with SIGKILL if it has not exited after `graceMs`. Waits until it has exited. */
export async function stopProcess(child: ChildProcess, graceMs = 15_000): Promise<void> {
  if (child.pid === undefined || hasExited(child)) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await gone;
  clearTimeout(timer);
}

/** How a child ended, as the end of a sentence. */
export const howEnded = (code: number | null, signal: NodeJS.Signals | null): string =>
  signal === null ? `ended with exit code ${code}` : `ended by ${signal}`;

const hasExited = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

/** The command line that runs another `predictlab` command in a process, with this Node.js and this installation. */
export function commandLine(args: readonly string[]): { command: string; args: string[] } {
  // The path to bin/ depends on whether this module lies in src/ (tests) or in dist/src/ (a build).
  const executable = fileURLToPath(
    new URL(import.meta.url.includes('/dist/src/') ? '../../../../bin/predictlab.js' : '../../../bin/predictlab.js', import.meta.url),
  );
  return { command: process.execPath, args: [executable, ...args] };
}

/** Milliseconds that a command gets to stop, in which it cancels its run. */
const WIND_DOWN_MS = 30_000;

/**
 * Runs a `predictlab` command on the terminal of this process, and resolves with its exit code (128 + n if signal n ended it). When
 * `stopped` resolves, the command is stopped, and killed if it does not end in time.
 */
export function runCommandLine(
  words: readonly string[],
  options: { env: NodeJS.ProcessEnv; stopped: Promise<NodeJS.Signals> },
): Promise<number> {
  const { command, args } = commandLine(words);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: options.env, stdio: 'inherit' });
    let timer: NodeJS.Timeout | undefined;
    let isOver = false;
    void options.stopped.then((signal) => {
      if (isOver) return;
      // In a terminal the command receives Ctrl-C by itself; a second signal would tell it not to wait for its run.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
      timer = setTimeout(() => child.kill('SIGKILL'), WIND_DOWN_MS);
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      isOver = true;
      clearTimeout(timer);
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
