import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { STAGES } from '../../src/contracts/words.ts';
import { importSymbols } from '../../src/storage/markets/catalogue.ts';
import { createRig, type Rig } from '../support/rig.ts';
import { until } from '../support/until.ts';
import { kill, spawnWorker } from '../support/worker-process.ts';
import { seeded } from './data-state.ts';

const SEED = 35;

const endedTasks = async ({ database }: Rig, executionId: string): Promise<string[]> =>
  (
    await database.query<{ taskId: string }>(
      'select task_id as "taskId" from ledger where execution_id = $1 and finished_at is not null order by 1',
      [executionId],
    )
  ).rows.map(({ taskId }) => taskId);

/**
 * Kills one worker after another: each once `least` to `least + spread` more tasks have ended, and up to 20 ms later. Stops when a worker
 * reaches the end of the run.
 * @returns the ended tasks at each kill
 */
async function killOften(
  rig: Rig,
  { runId, executionId }: { runId: string; executionId: string },
  { least, spread, tasks }: { least: number; spread: number; tasks: number },
): Promise<string[][]> {
  const random = seeded(SEED);
  const kills: string[][] = [];
  for (;;) {
    const seen = (await endedTasks(rig, executionId)).length;
    const enough = Math.min(tasks, seen + least + Math.floor(random() * spread));
    const worker = await spawnWorker(rig.env);
    await until(async () => (await endedTasks(rig, executionId)).length >= enough, { everyMs: 3, forMs: 60_000 });
    if (enough === tasks) {
      await rig.lab.result(runId);
      await kill(worker);
      return kills;
    }
    const from = performance.now();
    const later = random() * 20;
    await until(() => performance.now() - from >= later, { everyMs: 1 });
    await kill(worker);
    kills.push(await endedTasks(rig, executionId));
  }
}

describe('workers that are killed at many moments', () => {
  it('leave one effect of each stage of symbols without new trades', async () => {
    const rig = await createRig({ worker: false });
    const symbols = Array.from({ length: 60 }, (_, i) => `S${String(i).padStart(2, '0')}`);
    const folder = path.join(rig.home, 'ticks');
    await mkdir(folder);
    const rows = Array.from({ length: 30 }, (_, i) => `${new Date(Date.UTC(2026, 0, 1, i)).toISOString()},0.${40 + i},1`);
    const fileOf = (symbol: string): string => path.join(folder, `${symbol}.csv`);
    for (const symbol of symbols) await writeFile(fileOf(symbol), `time,price,size\n${rows.join('\n')}\n`);
    await importSymbols(
      rig.database,
      symbols.map((symbol) => ({ symbol, title: '', enabled: true, priority: 3, sources: { file: [{ path: fileOf(symbol) }] } })),
      { replace: true },
    );
    const run = await rig.lab.start({ sourceTypes: ['file'], asOf: '2026-01-03T00:00:00Z', maxConcurrent: 4 });
    const tasks = symbols.length * STAGES.length;
    const kills = await killOften(rig, run, { least: 8, spread: 16, tasks });
    expect(kills.length).toBeGreaterThanOrEqual(15);
    expect(await rig.lab.result(run.runId)).toMatchObject({ result: 'success', statusBreakdown: { success: tasks } });
    expect(await endedTasks(rig, run.executionId)).toEqual(
      symbols.flatMap((symbol) => STAGES.map((stage) => `${symbol}/${stage}`)).toSorted(),
    );
    const { rows: stored } = await rig.database.query(
      'select count(*)::int as ticks, count(distinct instrument)::int as instruments from ticks',
    );
    expect(stored).toEqual([{ ticks: symbols.length * 30, instruments: symbols.length }]);
    await rig.close();
  }, 1_200_000);

  it('repeat at most one task of a chain of short tasks, the one without a ledger row', async () => {
    const rig = await createRig({ worker: false });
    const plugin = path.join(rig.home, 'plugin.mjs');
    await writeFile(
      plugin,
      `import { appendFileSync } from 'node:fs';
import { z } from 'zod';
const run = async ({ file }, { taskId }) => {
  await new Promise((resolve) => setTimeout(resolve, 30));
  appendFileSync(file, taskId + '\\n');
  return {};
};
export default { activities: { note: { input: z.strictObject({ file: z.string() }), run } } };
`,
    );
    rig.env.PREDICTLAB_PLUGINS = plugin;
    const file = path.join(rig.home, 'notes');
    await appendFile(file, '');
    const ids = Array.from({ length: 80 }, (_, i) => `t${i}`);
    const run = await rig.lab.start({
      symbols: [],
      tasks: ids.map((taskId, i) => ({
        taskId,
        activity: 'note',
        short: true,
        args: [{ file }],
        dependencies: i === 0 ? [] : [`t${i - 1}`],
      })),
    });
    const kills = await killOften(rig, run, { least: 2, spread: 5, tasks: ids.length });
    expect(kills.length).toBeGreaterThanOrEqual(15);
    expect(await rig.lab.result(run.runId)).toMatchObject({ result: 'success', statusBreakdown: { success: ids.length } });
    const notes = (await readFile(file, 'utf8')).split('\n').filter(Boolean);
    expect(new Set(notes)).toEqual(new Set(ids));
    // a repeated task was the one in flight: its repetition follows immediately, and each kill causes one at most
    const repeated = notes.filter((id, i) => notes.indexOf(id) < i);
    expect(notes.filter((id, i) => id !== notes[i - 1])).toEqual(ids);
    expect(repeated.length).toBeLessThanOrEqual(kills.length);
    await rig.close();
  }, 1_200_000);
});
