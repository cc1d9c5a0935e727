import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Waits } from './bounded.ts';

/** The command line of the build, wherever this module runs from. */
export function commandLine(): string {
  for (let folder = path.dirname(fileURLToPath(import.meta.url)); ; folder = path.dirname(folder)) {
    const file = path.join(folder, 'bin', 'predictlab.js');
    if (existsSync(file)) return file;
    if (path.dirname(folder) === folder) throw new Error('bin/predictlab.js is not above this module');
  }
}

/** A tick of the kernel's accounting, on every Linux. */
const TICK_MS = 10;

/** CPU that a process has used, its own and the kernel's for it; milliseconds, undefined once it has ended. */
export function cpuMs(pid: number | undefined): number | undefined {
  try {
    // the name in parentheses may have spaces
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    return TICK_MS * (Number(fields[11]) + Number(fields[12]));
  } catch {
    return undefined;
  }
}

const START_MS = 120_000;
/** A worker that gets SIGTERM gives its attempts ten seconds. */
const STOP_MS = 60_000;
const LAST_WORDS = 6_000;

/** A worker in a separate process. If it ends without a request, the year fails with its last log lines. */
export class YearWorker {
  readonly #process: ChildProcess;
  readonly #ended: Promise<string>;
  readonly #waits: Waits;
  #said = '';
  #mayEnd = false;

  private constructor(env: NodeJS.ProcessEnv, waits: Waits) {
    this.#waits = waits;
    this.#process = spawn(process.execPath, [commandLine(), 'worker'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    this.#process.stderr?.on('data', (chunk: Buffer) => {
      this.#said = (this.#said + chunk.toString()).slice(-20_000);
    });
    this.#ended = new Promise((resolve) =>
      this.#process.once('close', (code, signal) => {
        const how = `ended with ${code ?? signal}`;
        if (!this.#mayEnd) waits.break(new Error(`a worker ${how} by itself; its last words:\n${this.#said.slice(-LAST_WORDS)}`));
        resolve(how);
      }),
    );
  }

  /** Starts a worker; resolves once it polls. */
  static async start(env: NodeJS.ProcessEnv, waits: Waits): Promise<YearWorker> {
    const worker = new YearWorker(env, waits);
    const ready = new Promise<void>((resolve) => {
      worker.#process.stderr?.on('data', function listen(this: NodeJS.EventEmitter) {
        if (!worker.#said.includes('worker ready')) return;
        this.off('data', listen);
        resolve();
      });
    });
    try {
      await waits.for('the start of a worker', START_MS, ready);
    } catch (error) {
      await worker.kill();
      throw error;
    }
    return worker;
  }

  /** Resident memory in bytes; 0 once it has ended. */
  bytes(): number {
    try {
      return 1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.#process.pid}/status`, 'utf8'))?.[1] ?? 0);
    } catch {
      return 0;
    }
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  async kill(): Promise<void> {
    this.#mayEnd = true;
    this.#process.kill('SIGKILL');
    await this.#ended;
  }

  /** Ends the worker. @throws Error when it does not end, and is then killed, or when its exit code is not 0 */
  async close(): Promise<void> {
    if (this.#mayEnd) return;
    this.#mayEnd = true;
    this.#process.kill('SIGTERM');
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), STOP_MS);
    const how = await this.#ended;
    clearTimeout(timer);
    if (how !== 'ended with 0')
      this.#waits.break(new Error(`a worker that was sent SIGTERM ${how}; its last words:\n${this.#said.slice(-LAST_WORDS)}`));
  }
}
