import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { commandLine } from './command-line.ts';

/**
 * Runs a `predictlab` command on our terminal and resolves with its exit code (128 + n when signal n ended it). When `stopped`
 * resolves, the command is asked to stop too and its end is still waited for.
 */
export function runCommandLine(
  words: readonly string[],
  options: { env: NodeJS.ProcessEnv; stopped: Promise<NodeJS.Signals>; quiet?: boolean },
): Promise<number> {
  const { command, args } = commandLine(words);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: options.env, stdio: options.quiet ? ['ignore', 'ignore', 'inherit'] : 'inherit' });
    void options.stopped.then((signal) => {
      // Ctrl-C in a terminal reaches the command already, and a second one would mean "do not wait"
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}
