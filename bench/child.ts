import { type ChildProcess, fork } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));

/** A process of a bench that said that it is ready, and with what. */
export interface BenchChild<Said> {
  readonly process: ChildProcess;
  readonly said: Said;
}

/** Runs `work` beside a process of this folder that ends when its channel to us is closed. @throws when it ends before `work` */
export async function withChild<Said, T>(
  script: string,
  env: NodeJS.ProcessEnv,
  work: (child: BenchChild<Said>) => Promise<T>,
): Promise<T> {
  const child = fork(path.join(here, script), { env, stdio: ['ignore', 2, 2, 'ipc'], execArgv: [] });
  const gone = new Promise<never>((_, reject) =>
    child.once('exit', (code) => reject(new Error(`${script} ended early with code ${code}`))),
  );
  try {
    const said = await Promise.race([new Promise<Said>((resolve) => child.once('message', (message) => resolve(message as Said))), gone]);
    return await Promise.race([work({ process: child, said }), gone]);
  } finally {
    gone.catch(() => undefined);
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.disconnect();
    await exited;
  }
}

/** CPU seconds that a process has used so far; 0 where the system does not say (only Linux does). */
export async function cpuSeconds(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // behind the name, which may hold blanks: fields 14 and 15, in hundredths
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / 100;
}
