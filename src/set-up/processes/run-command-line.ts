import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { commandLine } from './command-line.ts';

/** Longest time a command may take to stop; the run that it follows is cancelled meanwhile. */
const WIND_DOWN_MS = 30_000;

/**
 * Runs a `predictlab` command on our terminal and resolves with its exit code (128 + n when signal n ended it). When `stopped`
 * resolves, the command is stopped too; it is killed if it does not end in time.
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
      // Ctrl-C in a terminal reaches the command by itself, and a second signal would mean "do not wait"
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
