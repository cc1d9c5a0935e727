import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const COMMAND = fileURLToPath(new URL('../../bin/predictlab.js', import.meta.url));

export interface WorkerProcess {
  readonly process: ChildProcess;
  /** The worker's log so far. */
  said(): string;
  /** Resolves with the exit code, or the signal that ended the worker. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

/** Starts `predictlab worker` without waiting until it polls. */
export function beginWorker(env: NodeJS.ProcessEnv, command: string = COMMAND, args: readonly string[] = []): WorkerProcess {
  const process_ = spawn(process.execPath, [command, 'worker', ...args], {
    env: { ...env, LOG_FORMAT: 'json', METRICS_ADDRESS: '127.0.0.1:0', HEALTH_ADDRESS: '127.0.0.1:0' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  process_.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => process_.once('close', (code, signal) => resolve(code ?? signal)));
  return { process: process_, said: () => said, ended };
}

/** Starts a worker in a separate process and waits until it polls; `command` selects another build. */
export async function spawnWorker(env: NodeJS.ProcessEnv, command?: string, args?: readonly string[]): Promise<WorkerProcess> {
  const worker = beginWorker(env, command, args);
  await new Promise<void>((resolve, reject) => {
    worker.process.stderr?.on('data', () => {
      if (worker.said().includes('worker ready')) resolve();
    });
    void worker.ended.then((code) => reject(new Error(`the worker ended with ${code}: ${worker.said()}`)));
  });
  return worker;
}

export async function kill(worker: WorkerProcess): Promise<void> {
  worker.process.kill('SIGKILL');
  await worker.ended;
}
