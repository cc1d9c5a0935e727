import type { History } from '@temporalio/common/lib/proto-utils.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PredictLabError } from '../../src/contracts/errors.ts';
import { STAGES, type Stage } from '../../src/contracts/words.ts';
import { freePort } from '../../src/set-up/temporal/free-port.ts';
import { findEffect } from '../../src/storage/runs/ledger/ledger.ts';
import { createRig, type Rig } from '../support/rig.ts';
import { gate, scriptedStages } from '../support/stages.ts';
import { importTestSymbols } from '../support/symbols.ts';
import { until } from '../support/until.ts';

/** More than 50, so that short stages run in the activity of the first one. */
const SYMBOLS = Array.from({ length: 51 }, (_, i) => `S${String(i).padStart(3, '0')}`);
/** Gates of the scripted stages. */
const longClean = gate();
const reported = gate();
/** How often each stage's work started. */
const begun = new Map<string, number>();
/** When each attempt of S004/kline started. */
const klineAt: number[] = [];
let cancelling = false;

const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

const eventsOf = ({ events }: History) => ({
  ids: (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.activityId ?? []),
  activities: (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.activityType?.name ?? []),
  local: (events ?? []).filter(({ markerRecordedEventAttributes: marker }) => marker?.markerName === 'core_local_activity').length,
});

describe('in a run of more than 50 symbols', () => {
  let rig: Rig;
  let metrics: string;
  beforeAll(async () => {
    metrics = `127.0.0.1:${await freePort()}`;
    rig = await createRig({
      serve: true,
      env: { METRICS_ADDRESS: metrics, HEALTH_ADDRESS: `127.0.0.1:${await freePort()}` },
      longestWaitInSlotMs: 2_000,
      stages: scriptedStages(async ({ taskId, attempt, work }) => {
        begun.set(taskId, (begun.get(taskId) ?? 0) + 1);
        if (cancelling && taskId === 'S000/clean') await untilAborted(work.signal);
        if (cancelling) return { ticks: 3, candles: 3 };
        // longer than the time within which an activity starts further stages
        if (taskId === 'S001/collect') await new Promise((resolve) => setTimeout(resolve, 1_100));
        if (taskId === 'S001/collect') return { ticks: 1_001 };
        if (taskId === 'S002/store' && attempt < 3) throw new PredictLabError('StorageUnavailable', `Postgres is away, ${attempt}`);
        if (taskId === 'S003/clean') throw new PredictLabError('BadInput', 'the rows are of no use');
        if (taskId === 'S004/kline') klineAt.push(Date.now());
        if (taskId === 'S004/kline' && attempt === 1) throw new PredictLabError('RateLimited', 'later', { retryAfterMs: 2_500 });
        if (taskId === 'S009/collect') await new Promise((resolve) => setTimeout(resolve, 1_100));
        if (taskId === 'S005/clean' || taskId === 'S009/clean') await longClean.opened;
        if (taskId === 'S007/store') await reported.opened;
        if (taskId === 'S008/visualize') throw new PredictLabError('SourceUnavailable', `the charts are away, ${attempt}`);
        return { ticks: 3, candles: 3 };
      }),
    });
    await importTestSymbols(rig.database, SYMBOLS);
  });
  afterAll(() => rig.close());

  it('short stages share one activity, with the same results as in separate activities', async () => {
    const { runId, executionId } = await rig.lab.start({
      maxConcurrent: 20,
      retry: { maxRetries: 2, retryDelay: '300ms', backoff: 1 },
      tasks: [{ taskId: 'news', activity: 'sleep', args: [{ duration: '1ms' }], dependencies: ['S007/clean'] }],
    });
    const notified = (async () => {
      const key = { executionId, taskId: 'news' };
      await until(async () => (await findEffect(rig.database, key)) !== undefined);
      reported.open();
    })();
    // the stages of a symbol without a workflow of its own are seen while it runs
    await until(async () => {
      const { taskResults } = await rig.lab.status(runId);
      // the clean of S009 has an activity of its own, because its collect took longer than a second
      return ['S005', 'S009'].every(
        (symbol) => taskResults[`${symbol}/collect`]?.status === 'success' && taskResults[`${symbol}/clean`]?.status === 'running',
      );
    });
    const why = async (...taskIds: string[]) => await Promise.all(taskIds.map((taskId) => rig.lab.why(runId, taskId)));
    for (const symbol of ['S005', 'S009'])
      expect(await why(`${symbol}/collect`, `${symbol}/clean`, symbol, `${symbol}/kline`)).toEqual([
        `${symbol}/collect succeeded`,
        expect.stringMatching(`^${symbol}/clean is running for \\d+ s$`),
        expect.stringMatching(`^${symbol}/clean is running for \\d+ s$`),
        `${symbol}/kline is waiting for ${symbol}/clean (running)`,
      ]);
    longClean.open();
    const result = await rig.lab.result(runId);
    await notified;

    const ended = { success: 6 * 51 + 1 - 5 - 1, failed: 2, skipped: 4 };
    expect(result).toMatchObject({ result: 'degraded', statusBreakdown: { ...ended, pending: 0, running: 0, cancelled: 0 } });
    expect(result.taskResults.S003).toMatchObject({ status: 'failed', error: { type: 'BadInput', message: 'the rows are of no use' } });
    expect(result.taskResults.S008).toMatchObject({
      status: 'failed',
      error: { type: 'SourceUnavailable', message: 'the charts are away, 3' },
    });

    const histories = await rig.histories();
    const of = (symbol: string) =>
      [...histories].filter(([id]) => id.startsWith(`${runId}/${symbol} `)).map(([, history]) => eventsOf(history));
    // a busy machine's run has more activities, and continues as new where its history gets too long for the tests' server
    const runIds = [...histories].filter(([id]) => id.startsWith(`${runId} `)).flatMap(([, history]) => eventsOf(history).ids);
    // a symbol whose stages all have little to do has one activity, in the run itself
    expect(of('S000')).toEqual([]);
    const idsOf = (symbol: string) => runIds.filter((id) => id.startsWith(`${symbol}/`));
    expect(idsOf('S000')[0]).toBe('S000/collect');
    expect(SYMBOLS.some((symbol) => idsOf(symbol).length === 1)).toBe(true);
    // on a busy machine a stage that starts a second after the first one has an activity of its own
    const activities = (...those: Stage[]) => expect.arrayContaining(those) as Stage[];
    // many ticks after a long time; how many candles there are is known all the same
    expect(of('S001')).toMatchObject([{ activities: activities('clean', 'store', 'kline'), local: 2 }]);
    // store failed in the activity that started with collect; that was its first attempt, and its own activity makes the second
    for (const child of of('S002')) expect(child.ids[0]).toBe('S002/store');
    expect(of('S003')).toEqual([]);
    // a long wait gives the slot back; afterwards the amount of work is unknown until kline has counted it
    expect(of('S004')).toEqual([]);
    expect(idsOf('S004')).toEqual(expect.arrayContaining(['S004/collect', 'S004/kline']));
    // a long stage stays in its activity
    expect(of('S005')).toEqual([]);
    // a task that waits for clean learns of its end before store ends
    expect(of('S007')).toMatchObject([{ activities: activities('collect', 'store'), local: 4 }]);

    const effects = async (taskId: string) => await findEffect(rig.database, { executionId, taskId });
    for (const stage of STAGES) expect(await effects(`S000/${stage}`), stage).toMatchObject({ attempts: 1 });
    const [cleaned, stored] = [await effects('S002/clean'), await effects('S002/store')];
    expect(stored).toMatchObject({ attempts: 3 });
    expect((stored?.startedAt ?? 0) - (cleaned?.finishedAt ?? 0)).toBeGreaterThanOrEqual(2 * 300);
    for (const stage of STAGES) {
      const attempts = stage === 'kline' ? 2 : 1;
      expect(await effects(`S004/${stage}`), stage).toMatchObject({ attempts });
      expect(begun.get(`S004/${stage}`), stage).toBe(attempts);
    }
    expect(klineAt[1] - klineAt[0]).toBeGreaterThanOrEqual(2_500);
    expect(await effects('S005/clean')).toMatchObject({ attempts: 1 });
    expect(await effects('S006/backtest')).toMatchObject({ attempts: 1 });
    expect(begun.get('S002/store')).toBe(3);
    expect(begun.get('S008/visualize')).toBe(3);
    expect(begun.get('S003/clean')).toBe(1);

    // each end is counted once: what only moved to an activity has not ended
    const counted = await (await fetch(`http://${metrics}/metrics`)).text();
    for (const stage of ['collect', 'clean', 'store', 'kline', 'backtest']) {
      const succeeded = stage === 'collect' ? 51 : 50;
      expect(counted).toContain(`predictlab_tasks_total{stage="${stage}",status="success"} ${succeeded}\n`);
    }
    expect(counted).toContain('predictlab_tasks_total{stage="clean",status="failed"} 1\n');
    expect(counted).not.toMatch(/status="cancelled"\} [1-9]/);
  }, 120_000);

  it('cancelling stops the stages in progress and starts no others', async () => {
    begun.clear();
    cancelling = true;
    const { runId, executionId } = await rig.lab.start({ untilStage: 'kline', maxConcurrent: 5 });
    await until(() => begun.has('S000/clean'), { everyMs: 10 });
    await rig.lab.cancel(runId);
    await expect(rig.lab.result(runId)).rejects.toThrow('was cancelled');
    const result = await rig.lab.status(runId);
    expect(result.taskResults.S000).toMatchObject({ status: 'cancelled' });
    expect(result.statusBreakdown).toMatchObject({ pending: 0, running: 0, failed: 0 });
    expect(await findEffect(rig.database, { executionId, taskId: 'S000/clean' })).toBeUndefined();
    expect(begun.has('S000/store')).toBe(false);
  }, 60_000);
});
