import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { PredictLabError } from '../../contracts/errors.ts';
import { makePrivateFolder } from '../../processes/home-folder.ts';
import { commandLine, howEnded, stopProcess } from './child-process.ts';
import type { ServingProcess } from './kept-process.ts';

const READY = 'worker ready';
const TAIL_LENGTH = 2_000;
/** Milliseconds after a failed write until the log file is opened again. */
const RETRY_LOG_MS = 5_000;
const START_TIMEOUT_MS = 60_000;
/** Milliseconds that a worker gets to stop. This is longer than the time in which it ends its tasks after SIGTERM. */
const STOP_GRACE_MS = 40_000;

/**
 * Starts `predictlab worker` in its own process group and resolves when it is ready. Its output goes to `logFile`, appended if `again`.
 * @throws PredictLabError SourceUnavailable with the end of its log if it ends before it is ready, or is not ready within a minute
 */
export async function startWorkerProcess(options: { env: NodeJS.ProcessEnv; logFile: string; again?: boolean }): Promise<ServingProcess> {
  const { env, logFile, again = false } = options;
  await makePrivateFolder(path.dirname(logFile));
  const { command, args } = commandLine(['worker']);
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const log = logInto(logFile, again ? 'a' : 'w');
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(howEnded(code, signal)));
  });
  void exited.then(() => log.end());

  let tail = '';
  let timer: NodeJS.Timeout | undefined;
  const fault = await new Promise<string | undefined>((resolve) => {
    const read = (chunk: Buffer): void => {
      log.write(chunk);
      tail = (tail + chunk.toString()).slice(-TAIL_LENGTH);
      if (tail.includes(READY)) resolve(undefined);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    void exited.then(resolve);
    timer = setTimeout(() => resolve(`not ready after ${START_TIMEOUT_MS / 1000} s`), START_TIMEOUT_MS);
  });
  clearTimeout(timer);
  if (fault !== undefined) {
    await stopProcess(child);
    throw new PredictLabError('SourceUnavailable', `the worker did not start (${fault}): ${failureIn(tail)}\n(${logFile})`);
  }
  return { pid: child.pid!, logFile, exited, close: () => stopProcess(child, STOP_GRACE_MS) };
}

/** Writes a log file. On a full disk it drops lines instead of failing, and opens the file again after a while. */
function logInto(file: string, flags: 'a' | 'w'): { write(chunk: Buffer): void; end(): void } {
  const opened = (how: 'a' | 'w') => createWriteStream(file, { flags: how, mode: 0o600 }).on('error', () => (failedAt = Date.now()));
  let failedAt = 0;
  let stream = opened(flags);
  return {
    write(chunk) {
      if (stream.destroyed && Date.now() - failedAt > RETRY_LOG_MS) stream = opened('a');
      if (!stream.destroyed) stream.write(chunk);
    },
    end: () => void stream.end(),
  };
}

/** The worker's last error message, else the end of its log. */
function failureIn(tail: string): string {
  const sentence = tail
    .split(/^predictlab: /m)
    .slice(1)
    .at(-1);
  return (sentence ?? tail.trim().split('\n').slice(-5).join('\n')).trim();
}
