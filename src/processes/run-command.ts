import { spawn } from 'node:child_process';

/** The result of a short command. `code` is null when it was killed by a signal or could not start. */
export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Why the command did not start or was stopped; undefined when it exited by itself. */
  readonly failure?: string;
}

/** Runs a command without a shell and without input, and kills it after `timeoutMs`. It never throws. */
export function runCommand(
  command: string,
  args: readonly string[],
  options: { timeoutMs: number; env?: NodeJS.ProcessEnv; cwd?: string },
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: options.env, cwd: options.cwd });
    let stdout = '';
    let stderr = '';
    let failure: string | undefined;
    const timer = setTimeout(() => {
      failure = `no end after ${options.timeoutMs / 1000} s`;
      child.kill('SIGKILL');
    }, options.timeoutMs);
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('error', (error) => {
      clearTimeout(timer);
      resolve({ code: null, stdout, stderr, failure: error.message });
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr, ...(failure === undefined ? {} : { failure }) });
    });
  });
}

/** A short reason why a command failed: its last line of error output, or how it ended. */
export function commandFailure(result: CommandResult): string {
  const lastLine = result.stderr.trim().split('\n').at(-1)?.trim();
  return result.failure ?? (lastLine ? lastLine : `exit code ${result.code}`);
}
