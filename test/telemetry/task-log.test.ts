import { appendFile, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readTaskLog, TaskLog } from '../../src/telemetry/task-log.ts';
import { silent } from '../support/silent.ts';

describe('the log of tasks', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'predictlab-log-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const logOf = (writer = 'w') => new TaskLog({ folderOf: (runId) => path.join(folder, runId), writer, log: silent });
  const about = { runId: 'run', taskId: 'BTC/collect', attempt: 2 };

  it('keeps lines about tasks with their fields, and passes all of them on', async () => {
    const passed: string[] = [];
    const kept = logOf();
    const log = kept.tee({ ...silent, info: (message) => void passed.push(message), warn: (message) => void passed.push(message) });
    log.info('of no task');
    log.info('began', about);
    log.warn('failed', { ...about, retryInMs: 500, level: 'mine', message: 'mine' });
    await kept.close();
    expect(passed).toEqual(['of no task', 'began', 'failed']);
    const { lines } = await readTaskLog(path.join(folder, 'run'));
    expect(lines).toMatchObject([
      { level: 'info', taskId: 'BTC/collect', attempt: 2, message: 'began' },
      { level: 'warn', message: 'failed', retryInMs: 500 },
    ]);
  });

  it('merges the files of several workers by time, and continues from where it was read before', async () => {
    const [a, b] = [logOf('a'), logOf('b')];
    a.tee(silent).info('1', about);
    await a.close();
    await new Promise((resolve) => setTimeout(resolve, 2));
    b.tee(silent).info('2', about);
    await b.close();
    const first = await readTaskLog(path.join(folder, 'run'));
    expect(first.lines.map(({ message }) => message)).toEqual(['1', '2']);
    a.tee(silent).info('3', about);
    await a.close();
    const more = await readTaskLog(path.join(folder, 'run'), first.position);
    expect(more.lines.map(({ message }) => message)).toEqual(['3']);
  });

  it('leaves an incomplete line for the next reading, and skips lines that are not its own', async () => {
    const kept = logOf();
    kept.tee(silent).info('whole', about);
    await kept.close();
    const file = path.join(folder, 'run', 'w.jsonl');
    await appendFile(
      file,
      'no json\n{"time":"2026-01-01T00:00:00.000Z","message":"no task"}\n{"taskId":"T","message":"no time"}\n{"time":"2026-01-01T00:00:00.000Z","taskId":"T","mess',
    );
    const first = await readTaskLog(path.join(folder, 'run'));
    expect(first.lines.map(({ message }) => message)).toEqual(['whole']);
    await appendFile(file, 'age":"late"}\n');
    expect((await readTaskLog(path.join(folder, 'run'), first.position)).lines.map(({ message }) => message)).toEqual(['late']);
  });

  it('has a maximum size, with room left for warnings and errors', async () => {
    const kept = logOf();
    const log = kept.tee(silent);
    const long = 'x'.repeat(8_000);
    for (let i = 0; i < 700; i++) log.info(long, about);
    log.debug(long, about);
    for (let i = 0; i < 3; i++) log.warn('went wrong', about);
    log.debug(long, about);
    await kept.close();
    expect((await stat(path.join(folder, 'run', 'w.jsonl'))).size).toBeLessThan(4.2 * 1024 * 1024);
    const { lines } = await readTaskLog(path.join(folder, 'run'));
    expect(lines.slice(-3).map(({ level, message }) => [level, message])).toEqual(Array.from({ length: 3 }, () => ['warn', 'went wrong']));
  });

  it('takes ordinary lines up to its size exactly', async () => {
    const kept = logOf();
    const log = kept.tee(silent);
    const line = async (filler: string): Promise<number> => {
      log.info('m', { ...about, filler });
      await kept.close();
      return (await stat(path.join(folder, 'run', 'w.jsonl'))).size;
    };
    const bare = await line('');
    const room = 4 * 1024 * 1024 - bare;
    const full = 'x'.repeat(8_192 - bare);
    for (let i = 0; i < Math.floor(room / 8_192) - 1; i++) log.info('m', { ...about, filler: full });
    const left = 4 * 1024 * 1024 - (await line(full));
    expect(await line('x'.repeat(left - bare))).toBe(4 * 1024 * 1024);
    expect(await line('')).toBe(4 * 1024 * 1024);
  });

  it('loses only the fields of a line that is too long or not JSON, and never makes a task fail', async () => {
    const kept = logOf();
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    kept.tee(silent).info('circle', { ...about, circle });
    kept.tee(silent).info('bigint', { ...about, value: 1n });
    kept.tee(silent).info('long', { ...about, answer: 'y'.repeat(50_000) });
    await kept.close();
    const { lines } = await readTaskLog(path.join(folder, 'run'));
    expect(lines.map(({ message }) => message)).toEqual(['circle', 'bigint', 'long']);
    expect(lines.every(({ shortened }) => shortened === true)).toBe(true);
  });

  it('is readable by its owner alone', async () => {
    const kept = logOf();
    kept.tee(silent).info('secret', about);
    await kept.close();
    expect((await stat(path.join(folder, 'run', 'w.jsonl'))).mode & 0o077).toBe(0);
  });

  it('reports once that it cannot be written, and the tasks continue', async () => {
    await appendFile(path.join(folder, 'run'), 'a file where the folder should be');
    const warnings: string[] = [];
    const kept = new TaskLog({
      folderOf: (runId) => path.join(folder, runId),
      writer: 'w',
      log: { ...silent, warn: (message) => void warnings.push(message) },
    });
    for (let i = 0; i < 3; i++) {
      kept.tee(silent).info('line', about);
      await kept.close();
    }
    expect(warnings).toHaveLength(1);
    expect(await readdir(folder)).toEqual(['run']);
    expect(await readFile(path.join(folder, 'run'), 'utf8')).toBe('a file where the folder should be');
  });

  it('excludes lines that belong to no task, and shortens a line only above the limit', async () => {
    const kept = logOf();
    const log = kept.tee(silent);
    log.info('no task', { runId: 'run' });
    log.info('no run', { taskId: 'T' });
    const length = async (filler: number): Promise<boolean | undefined> => {
      log.info('m', { ...about, filler: 'x'.repeat(filler) });
      await kept.close();
      return (await readTaskLog(path.join(folder, 'run'))).lines.at(-1)?.shortened as boolean | undefined;
    };
    expect(await length(0)).toBeUndefined();
    const [line = ''] = (await readFile(path.join(folder, 'run', 'w.jsonl'), 'utf8')).split('\n');
    const room = 16 * 1024 - line.length;
    expect(await length(room)).toBeUndefined();
    expect(await length(room + 1)).toBe(true);
    log.info('y'.repeat(20_000), about);
    await kept.close();
    const { lines } = await readTaskLog(path.join(folder, 'run'));
    expect(lines.map(({ message }) => message.length)).toEqual([1, 1, 1, 4 * 1024]);
  });

  it('reaches the file without being closed, and is ordered by time', async () => {
    const kept = logOf('b');
    kept.tee(silent).info('second', about);
    const file = path.join(folder, 'run', 'b.jsonl');
    await expect.poll(async () => await readFile(file, 'utf8').catch(() => '')).toContain('second');
    await kept.close();
    const [first, third] = ['2026-01-01T00:00:00.000Z', '2999-01-01T00:00:00.000Z'];
    await appendFile(
      path.join(folder, 'run', 'c.jsonl'),
      [third, first].map((time) => `${JSON.stringify({ time, taskId: 'T', message: time })}\n`).join(''),
    );
    const { lines } = await readTaskLog(path.join(folder, 'run'));
    expect(lines.map(({ message }) => message)).toEqual([first, 'second', third]);
  });

  it('includes files that other machines sent, unless this machine has the same files', async () => {
    const kept = logOf('a');
    kept.tee(silent).info('here', about);
    await kept.close();
    const line = (message: string): string => `${JSON.stringify({ time: '2999-01-01T00:00:00.000Z', taskId: 'T', message })}\n`;
    const sent = {
      names: async () => ['a.jsonl', 'z.jsonl', 'gone.jsonl'],
      read: async (name: string) => (name === 'gone.jsonl' ? undefined : Buffer.from(line(name))),
    };
    const read = async (from?: Awaited<ReturnType<typeof readTaskLog>>['position']) =>
      await readTaskLog(path.join(folder, 'run'), from, sent);
    const { lines, position } = await read();
    expect(lines.map(({ message }) => message)).toEqual(['here', 'z.jsonl']);
    expect((await read(position)).lines).toEqual([]);
    expect(await readTaskLog(path.join(folder, 'none'))).toMatchObject({ lines: [] });
  });

  it('keeps the sizes of at most a thousand runs', async () => {
    const kept = new TaskLog({ folderOf: () => path.join(folder, 'all'), writer: 'w', log: silent });
    const log = kept.tee(silent);
    const long = 'x'.repeat(8_000);
    for (let i = 0; i < 600; i++) log.info(long, { ...about, runId: 'first' });
    const waiting = async (): Promise<number> => (await kept.close(), (await stat(path.join(folder, 'all', 'w.jsonl'))).size);
    const full = await waiting();
    for (let i = 0; i < 999; i++) log.info('', { ...about, runId: `r${i}` });
    const before = await waiting();
    log.info(long, { ...about, runId: 'first' });
    expect(await waiting()).toBe(before);
    expect(before).toBeGreaterThan(full);
    log.info('', { ...about, runId: 'one more' });
    const more = await waiting();
    log.info(long, { ...about, runId: 'first' });
    expect(await waiting()).toBeGreaterThan(more + 8_000);
  });
});
