import { appendFile, mkdir, open, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Log } from '../contracts/log.ts';

export interface TaskLogLine {
  /** Time of the line, ISO 8601, UTC. */
  readonly time: string;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly taskId: string;
  readonly attempt: number;
  readonly message: string;
  readonly [field: string]: unknown;
}

/** Size in bytes up to which a run's file takes lines of level info and debug; warnings and errors are written up to twice this size. */
const ORDINARY_BYTES = 4 * 1024 * 1024;
const MAX_BYTES = 2 * ORDINARY_BYTES;
/** Maximum number of bytes of a line; a longer one is shortened. */
const MAX_LINE_BYTES = 16 * 1024;
/** Milliseconds after which collected lines are written together. */
const FLUSH_MS = 100;
/** Maximum number of runs whose file sizes are kept in memory; a worker has far fewer open runs. */
const MAX_RUNS = 1_000;

interface TaskLogOptions {
  readonly folderOf: (runId: string) => string;
  /** Name of this worker's file in the folder of a run. Several workers may write to one folder. */
  readonly writer: string;
  /** Log that receives one warning if the files cannot be written; the tasks continue. */
  readonly log: Log;
}

/**
 * Writes the log lines of tasks as JSON lines, into a folder per run and a file per worker. It writes in the background, and a failure to
 * write is only logged, because a task must not fail for lack of a log.
 */
export class TaskLog {
  readonly #options: TaskLogOptions;
  readonly #bytes = new Map<string, number>();
  #waiting = new Map<string, string[]>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #hasWarned = false;

  constructor(options: TaskLogOptions) {
    this.#options = options;
  }

  /** Wraps a log so that its lines about a task (those with `runId` and `taskId`) are also written to the run's file. */
  tee(log: Log): Log {
    const keep =
      (level: TaskLogLine['level']) =>
      (message: string, fields: Record<string, unknown> = {}): void => {
        log[level](message, fields);
        this.#keep(level, message, fields);
      };
    return { debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') };
  }

  async close(): Promise<void> {
    this.#flush();
    await this.#writing;
  }

  #keep(level: TaskLogLine['level'], message: string, { runId, taskId, attempt, ...more }: Record<string, unknown>): void {
    if (typeof runId !== 'string' || typeof taskId !== 'string') return;
    const line = lineOf({ ...more, time: new Date().toISOString(), level, taskId, attempt: Number(attempt ?? 1), message });
    const before = this.#bytes.get(runId) ?? 0;
    const after = before + Buffer.byteLength(line);
    if (after > (level === 'info' || level === 'debug' ? ORDINARY_BYTES : MAX_BYTES)) return;
    if (before === 0 && this.#bytes.size >= MAX_RUNS) this.#bytes.delete(this.#bytes.keys().next().value as string);
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
        if (this.#hasWarned) continue;
        this.#hasWarned = true;
        this.#options.log.warn('what tasks log cannot be kept; `predictlab logs` will lack it', { folder, error: String(error) });
      }
    }
  }
}

function lineOf(line: TaskLogLine): string {
  const text = textOf(line);
  if (text !== undefined && text.length <= MAX_LINE_BYTES) return `${text}\n`;
  const { time, level, taskId, attempt, message } = line;
  return `${JSON.stringify({ time, level, taskId, attempt, message: message.slice(0, MAX_LINE_BYTES / 4), shortened: true })}\n`;
}

/** The JSON of a line; undefined if a plugin's fields contain a circular reference or a BigInt. */
function textOf(line: TaskLogLine): string | undefined {
  try {
    return JSON.stringify(line);
  } catch {
    return undefined;
  }
}

/** Number of bytes already read of each file of a run's log, by file name. */
export type LogPosition = ReadonlyMap<string, number>;

/** The log files of a run in the artifact store, to which workers on other machines send theirs. */
export interface SentLogs {
  names(): Promise<readonly string[]>;
  read(name: string): Promise<Buffer | undefined>;
}

/**
 * Reads the lines of a run's log, sorted by time. An unfinished last line of a file is left for the next call.
 * @param folder the run's log folder; a missing folder has no lines
 * @param sent files in the artifact store, of which those that the folder lacks are read too
 */
export async function readTaskLog(
  folder: string,
  from: LogPosition = new Map(),
  sent?: SentLogs,
): Promise<{ readonly lines: readonly TaskLogLine[]; readonly position: LogPosition }> {
  const position = new Map(from);
  const lines: TaskLogLine[] = [];
  const own = await filesOf(folder);
  const others = (await sent?.names())?.filter((name) => !own.includes(name)) ?? [];
  for (const name of [...own, ...others]) {
    const start = from.get(name) ?? 0;
    const text = own.includes(name) ? await readFrom(path.join(folder, name), start) : (await sent!.read(name))?.subarray(start);
    if (text === undefined) continue;
    const whole = text.subarray(0, text.lastIndexOf(0x0a) + 1);
    position.set(name, start + whole.length);
    for (const line of whole.toString('utf8').split('\n')) {
      const parsed = parse(line);
      if (parsed !== undefined) lines.push(parsed);
    }
  }
  return { lines: lines.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0)), position };
}

async function filesOf(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith('.jsonl')).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function readFrom(file: string, start: number): Promise<Buffer> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const room = Buffer.alloc(Math.max(0, size - start));
    const { bytesRead } = await handle.read(room, 0, room.length, start);
    return room.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

function parse(line: string): TaskLogLine | undefined {
  if (line === '') return undefined;
  try {
    const value = JSON.parse(line) as TaskLogLine;
    return typeof value.time === 'string' && typeof value.taskId === 'string' && typeof value.message === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
