import { open, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { TaskLogLine } from './task-log.ts';

/** Number of bytes read of each file of a run's log. */
export type LogPosition = ReadonlyMap<string, number>;

/**
 * Reads the lines of a run's log that were written after `from`, in order of time; all lines without `from`. A partial last line is left
 * for the next call, and lines that are not log lines are skipped.
 *
 * @param folder the run's log folder; a missing folder has no lines
 */
export async function readTaskLog(
  folder: string,
  from: LogPosition = new Map(),
): Promise<{ readonly lines: readonly TaskLogLine[]; readonly position: LogPosition }> {
  const position = new Map(from);
  const lines: TaskLogLine[] = [];
  for (const name of await filesOf(folder)) {
    const start = from.get(name) ?? 0;
    const text = await readFrom(path.join(folder, name), start);
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
