import { type ChildProcess, fork } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Ask } from './contestant.ts';

const here = path.dirname(fileURLToPath(import.meta.url));

/** A child process of a bench that has reported that it is ready, with the value that it reported. */
export interface BenchChild<Said> {
  readonly process: ChildProcess;
  readonly said: Said;
}

/** A started process of a bench. */
export interface StartedChild<Said> extends BenchChild<Said> {
  /** Rejects when the process ends before it is closed. */
  readonly gone: Promise<never>;
  close(): Promise<void>;
}

/** Starts a process of this folder that ends when its channel to us is closed. @throws when it ends before it is ready */
export async function startChild<Said>(
  script: string,
  env: NodeJS.ProcessEnv,
  execArgv: readonly string[] = [],
): Promise<StartedChild<Said>> {
  const child = fork(path.join(here, script), { env, stdio: ['ignore', 2, 2, 'ipc'], execArgv: [...execArgv] });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const gone = exited.then((code) => {
    throw new Error(`${script} ended early with code ${code}`);
  });
  gone.catch(() => undefined);
  const said = await Promise.race([new Promise<Said>((resolve) => child.once('message', (message) => resolve(message as Said))), gone]);
  const close = async (): Promise<void> => {
    if (child.connected) child.disconnect();
    await exited;
  };
  return { process: child, said, gone, close };
}

/** Runs `work` beside a process of this folder. @throws when the process ends before `work` */
export async function withChild<Said, T>(
  script: string,
  env: NodeJS.ProcessEnv,
  work: (child: BenchChild<Said>) => Promise<T>,
  execArgv: readonly string[] = [],
): Promise<T> {
  const child = await startChild<Said>(script, env, execArgv);
  try {
    return await Promise.race([work(child), child.gone]);
  } finally {
    await child.close();
  }
}

/** Sends a request to a process that answers them, and waits for the answer. @throws Error when the request failed there */
export async function ask<Answer>(child: ChildProcess, request: Ask): Promise<Answer> {
  const message = await new Promise<{ answered?: Answer; failed?: string }>((resolve) => {
    child.once('message', (given) => resolve(given as { answered?: Answer; failed?: string }));
    child.send(request);
  });
  if (message.failed !== undefined) throw new Error(message.failed);
  return message.answered as Answer;
}

/** CPU seconds of a process and its children, ended ones included. */
export async function treeCpuSeconds(pid: number): Promise<number> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const pids = children.split(' ').filter(Boolean).map(Number);
  const all = await Promise.all([pid, ...pids].map((each) => cpuSeconds(each, { withEnded: each === pid })));
  return all.reduce((sum, seconds) => sum + seconds, 0);
}

/** CPU seconds that a process has used so far; 0 where the system does not say (only Linux does). */
export async function cpuSeconds(pid: number, { withEnded = false } = {}): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // after the process name, which may contain spaces: fields 14 and 15, in hundredths of a second
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ended = withEnded ? Number(fields[13] ?? 0) + Number(fields[14] ?? 0) : 0;
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0) + ended) / 100;
}
