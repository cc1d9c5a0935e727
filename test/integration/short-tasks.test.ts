import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import { describe, expect, it } from 'vitest';
import type { CustomTaskInput } from '../../src/contracts/run/pipeline-input.ts';
import { createRig, type Rig } from '../support/rig.ts';
import { until } from '../support/until.ts';
import { kill, spawnWorker } from '../support/worker-process.ts';

/** `note` appends its task's id to a file; the task that `hold` names waits until the file `open` exists, and `fail` throws once. */
const PLUGIN = `
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
const lines = (file) => (existsSync(file) ? readFileSync(file, 'utf8').split('\\n') : []);
export default {
  activities: {
    note: {
      input: z.strictObject({ file: z.string(), hold: z.boolean().optional(), fail: z.boolean().optional() }),
      async run({ file, hold, fail }, { taskId, attempt }) {
        appendFileSync(file, taskId + '\\n');
        if (fail && attempt === 1) throw new Error('the first attempt fails');
        while (hold && !existsSync(file + '.open')) await new Promise((resolve) => setTimeout(resolve, 20));
        return { lines: lines(file).length };
      },
    },
  },
};
`;

async function rigWithPlugin(options: { worker?: boolean } = {}): Promise<{ rig: Rig; file: string }> {
  const rig = await createRig({ ...options, worker: false });
  const plugin = path.join(rig.home, 'plugin.mjs');
  await writeFile(plugin, PLUGIN);
  rig.env.PREDICTLAB_PLUGINS = plugin;
  return { rig, file: path.join(rig.home, 'notes') };
}

const chain = (count: number, task: (index: number) => Partial<CustomTaskInput>): CustomTaskInput[] =>
  Array.from({ length: count }, (_, i) => ({
    taskId: `t${i}`,
    activity: 'note',
    dependencies: i > 0 ? [`t${i - 1}`] : [],
    ...task(i),
  }));

const notes = async (file: string): Promise<string[]> => (await readFile(file, 'utf8').catch(() => '')).split('\n').filter(Boolean);

function eventsOf({ events }: History): { readonly activities: string[]; readonly local: number } {
  return {
    activities: (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.activityId ?? []),
    local: (events ?? []).filter(({ markerRecordedEventAttributes: marker }) => marker?.markerName === 'core_local_activity').length,
  };
}

async function historyOf(rig: Rig, runId: string): Promise<History> {
  const found = [...(await rig.histories())].find(([key]) => key.startsWith(`${runId} `));
  if (found === undefined) throw new Error(`no history of ${runId}`);
  return found[1];
}

describe('short custom tasks', () => {
  it('run one after the other in one activity, and a failed task continues in an activity of its own', async () => {
    const { rig, file } = await rigWithPlugin();
    const worker = await spawnWorker(rig.env);
    const args = [{ file }];
    const { runId } = await rig.lab.start({
      symbols: [],
      retry: { retryDelay: '10ms', backoff: 1 },
      tasks: chain(25, (i) => ({ short: true, args: i === 3 ? [{ file, fail: true }] : args })),
    });
    expect(await rig.lab.result(runId)).toMatchObject({
      result: 'success',
      statusBreakdown: { success: 25 },
      taskResults: { t0: { attempts: 1 }, t3: { attempts: 2 }, t24: { attempts: 1 } },
    });
    const { activities } = eventsOf(await historyOf(rig, runId));
    // a busy machine may need more than a second, after which the next activity continues
    expect(activities.filter((id) => ['t0', 't3', 't4'].includes(id))).toEqual(['t0', 't3', 't4']);
    expect(activities.length).toBeLessThanOrEqual(6);
    expect(await notes(file)).toHaveLength(26);
    const { rows } = await rig.database.query('select task_id as task, attempt from task_attempts where attempt > 0');
    expect(rows).toEqual([{ task: 't3', attempt: 1 }]);

    // as many as the slots, each by itself: they run inside the workflow task
    const one = await rig.lab.start({ symbols: [], tasks: [{ taskId: 'alone', activity: 'note', args, short: true }] });
    expect(await rig.lab.result(one.runId)).toMatchObject({ statusBreakdown: { success: 1 } });
    expect(eventsOf(await historyOf(rig, one.runId))).toMatchObject({ activities: [], local: 3 });

    // an explicit false, "at most once", and company of a task that is not short: normal activities
    const others = await rig.lab.start({
      symbols: [],
      tasks: [
        { taskId: 'plain', activity: 'note', args, short: false },
        { taskId: 'once', activity: 'note', args, short: true, onLostWorker: 'fail', dependencies: ['plain'] },
        { taskId: 'long', activity: 'sleep', args: [{ duration: '300ms' }], dependencies: ['once'], priority: 1 },
        { taskId: 'beside', activity: 'note', args, short: true, dependencies: ['once'] },
      ],
    });
    expect(await rig.lab.result(others.runId)).toMatchObject({ statusBreakdown: { success: 4 } });
    expect(eventsOf(await historyOf(rig, others.runId)).activities.toSorted()).toEqual(['beside', 'long', 'once', 'plain']);
    await rig.close();
    await kill(worker);
  }, 120_000);

  it('are recognised as short from the ledger after twenty quick executions', async () => {
    const { rig, file } = await rigWithPlugin();
    const worker = await spawnWorker(rig.env);
    await rig.database.query(
      `insert into ledger (execution_id, task_id, run_id, attempts, started_at, output, finished_at, duration_seconds)
       select 'earlier-' || i || task, task, 'earlier', 1, now(), '{}', now(), case when task = 'slow' then 0.5 else 0.02 end
       from generate_series(1, 20) i, unnest(array['quick', 'slow']) task`,
    );
    const { runId } = await rig.lab.start({
      symbols: [],
      tasks: [
        { taskId: 'quick', activity: 'note', args: [{ file }] },
        { taskId: 'slow', activity: 'note', args: [{ file }], dependencies: ['quick'] },
      ],
    });
    expect(await rig.lab.result(runId)).toMatchObject({ statusBreakdown: { success: 2 } });
    expect(eventsOf(await historyOf(rig, runId)).activities).toEqual(['slow']);

    // more tasks than the ledger's last rows once had room for
    const many = Array.from({ length: 300 }, (_, i) => `m${i}`);
    await rig.database.query(
      `insert into ledger (execution_id, task_id, run_id, attempts, started_at, output, finished_at, duration_seconds)
       select 'earlier-' || i || task, task, 'earlier', 1, now(), '{}', now(), 0.02 from generate_series(1, 20) i, unnest($1::text[]) task`,
      [many],
    );
    const wide = await rig.lab.start({
      symbols: [],
      maxConcurrent: 10,
      tasks: many.map((taskId) => ({ taskId, activity: 'note', args: [{ file }] })),
    });
    expect(await rig.lab.result(wide.runId)).toMatchObject({ statusBreakdown: { success: 300 } });
    // an activity for about one task in twenty, and for those that ran beside one
    expect(eventsOf(await historyOf(rig, wide.runId)).activities.length).toBeLessThan(100);
    await rig.close();
    await kill(worker);
  }, 120_000);

  it('are repeated at most once each when their worker is killed in the middle of a chain', async () => {
    const { rig, file } = await rigWithPlugin();
    const doomed = await spawnWorker(rig.env);
    const { runId } = await rig.lab.start({
      symbols: [],
      tasks: chain(12, (i) => ({ short: true, args: [{ file, ...(i === 7 && { hold: true }) }] })),
    });
    await until(async () => (await notes(file)).includes('t7'), { everyMs: 20 });
    await kill(doomed);
    await writeFile(`${file}.open`, '');
    const next = await spawnWorker(rig.env);
    expect(await rig.lab.result(runId)).toMatchObject({ result: 'success', statusBreakdown: { success: 12 } });
    expect(await notes(file)).toEqual([
      ...Array.from({ length: 8 }, (_, i) => `t${i}`),
      ...Array.from({ length: 5 }, (_, i) => `t${i + 7}`),
    ]);
    await rig.close();
    await kill(next);
  }, 120_000);
});
