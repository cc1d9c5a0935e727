import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const COMMAND = fileURLToPath(new URL('../../bin/predictlab.js', import.meta.url));

export interface WorkerProcess {
  readonly process: ChildProcess;
  /** Its log so far. */
  said(): string;
  /** Resolves with its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

/** `predictlab worker`, not yet polling. */
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

/** A worker in a process of its own, once it polls; of another build where its command line is given. */
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
