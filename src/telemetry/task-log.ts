import { appendFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Log } from '../contracts/log.ts';

/** A line of a task's log, as it stands in the file: one JSON object. */
export interface TaskLogLine {
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly taskId: string;
  readonly attempt: number;
  readonly message: string;
  readonly [field: string]: unknown;
}

/** A run's file takes this many bytes of a worker's ordinary lines, and twice as many in all: what went wrong still finds room. */
const ORDINARY_BYTES = 4 * 1024 * 1024;
const MOST_BYTES = 2 * ORDINARY_BYTES;
/** A line with a venue's whole answer in it helps nobody. */
const MOST_LINE_BYTES = 16 * 1024;
/** Lines are written together; a reader that follows sees them this much later. */
const FLUSH_MS = 100;
/** Runs whose size is remembered; a worker's open runs are far fewer. */
const MOST_RUNS = 1_000;

export interface TaskLogOptions {
  /** The folder of a run's log files. */
  readonly folderOf: (runId: string) => string;
  /** Names this worker's file in it: several workers may share a folder. */
  readonly writer: string;
  /** Told once when the files cannot be written; tasks go on. */
  readonly log: Log;
}

/**
 * Keeps what tasks log as JSON lines, a folder a run and a file a worker in it. Losing a line must never cost a task: writing is
 * behind the tasks' backs, bounded, and its failure only told.
 */
export class TaskLog {
  readonly #options: TaskLogOptions;
  readonly #bytes = new Map<string, number>();
  #waiting = new Map<string, string[]>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #told = false;

  constructor(options: TaskLogOptions) {
    this.#options = options;
  }

  /** The same log, whose lines about a task (those with `runId` and `taskId`) are kept as well. */
  beside(log: Log): Log {
    const keep =
      (level: TaskLogLine['level']) =>
      (message: string, fields: Record<string, unknown> = {}): void => {
        log[level](message, fields);
        this.#keep(level, message, fields);
      };
    return { debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') };
  }

  /** Writes what is waiting. */
  async close(): Promise<void> {
    this.#flush();
    await this.#writing;
  }

  #keep(level: TaskLogLine['level'], message: string, { runId, taskId, attempt, ...more }: Record<string, unknown>): void {
    if (typeof runId !== 'string' || typeof taskId !== 'string') return;
    const line = lineOf({ ...more, time: new Date().toISOString(), level, taskId, attempt: Number(attempt ?? 1), message });
    const before = this.#bytes.get(runId) ?? 0;
    const after = before + Buffer.byteLength(line);
    if (after > (level === 'info' || level === 'debug' ? ORDINARY_BYTES : MOST_BYTES)) return;
    if (before === 0 && this.#bytes.size >= MOST_RUNS) this.#bytes.delete(this.#bytes.keys().next().value as string);
    this.#bytes.set(runId, after);
    const waiting = this.#waiting.get(runId);
    if (waiting === undefined) this.#waiting.set(runId, [line]);
    else waiting.push(line);
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.#flush(), FLUSH_MS);
    this.#timer.unref();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#waiting;
    this.#waiting = new Map();
    if (batch.size > 0) this.#writing = this.#writing.then(() => this.#write(batch));
  }

  async #write(batch: ReadonlyMap<string, readonly string[]>): Promise<void> {
    for (const [runId, lines] of batch) {
      const folder = this.#options.folderOf(runId);
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await appendFile(path.join(folder, `${this.#options.writer}.jsonl`), lines.join(''), { mode: 0o600 });
      } catch (error) {
        if (this.#told) continue;
        this.#told = true;
        this.#options.log.warn('what tasks log cannot be kept; `predictlab logs` will lack it', { folder, error: String(error) });
      }
    }
  }
}

function lineOf(line: TaskLogLine): string {
  const text = textOf(line);
  if (text !== undefined && text.length <= MOST_LINE_BYTES) return `${text}\n`;
  const { time, level, taskId, attempt, message } = line;
  return `${JSON.stringify({ time, level, taskId, attempt, message: message.slice(0, MOST_LINE_BYTES / 4), shortened: true })}\n`;
}

/** Plugins log what they like: a circle or a BigInt among the fields costs the fields, not the task. */
function textOf(line: TaskLogLine): string | undefined {
  try {
    return JSON.stringify(line);
  } catch {
    return undefined;
  }
}
