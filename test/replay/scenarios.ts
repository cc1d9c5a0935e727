import type { WholeVenue } from '../../sandbox/scale.ts';
import { PredictLabError } from '../../src/contracts/errors.ts';
import type { PipelineInput } from '../../src/contracts/run/pipeline-input.ts';
import type { PipelineStatus } from '../../src/contracts/run/pipeline-status.ts';
import type { Rig } from '../support/rig.ts';
import { gate, type Script } from '../support/stages.ts';
import { until } from '../support/until.ts';

/** A path through the workflows whose history is committed, so that every later version of the code must still replay it. */
export interface Scenario {
  readonly name: string;
  readonly script: Script;
  readonly input: PipelineInput;
  /** Symbols of the catalogue. @default AAA, BBB and CCC */
  readonly catalogue?: readonly string[];
  /** A sandbox venue whose markets are the universe ALL of the catalogue. @default none */
  readonly venue?: WholeVenue;
  /** Symbols whose histories are kept, where many are alike. @default all */
  readonly kept?: readonly string[];
  /** What is done to the run while it is open. */
  readonly meanwhile?: (rig: Rig, runId: string) => Promise<void>;
}

const refuse = (): never => {
  throw new PredictLabError('BadInput', 'the file is empty');
};
const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

async function untilStatus(rig: Rig, runId: string, holds: (status: PipelineStatus) => boolean): Promise<void> {
  await until(async () => holds(await rig.lab.status(runId)));
}

/** The scenarios, created again for each recording, because a gate opens only once. */
export function scenarios(): readonly Scenario[] {
  const paused = gate();
  const held = gate();
  const fixed = { value: false };
  const long = { value: false };
  /** So many symbols that the status does not list their stages. */
  const many = Array.from({ length: 51 }, (_, i) => `L${String(i).padStart(2, '0')}`);
  const manySymbols = {
    catalogue: many,
    kept: many.slice(0, 6),
    input: {
      symbols: many,
      maxConcurrent: 10,
      retry: { retryDelay: '10ms' },
      tasks: [{ taskId: 'news', activity: 'sleep', args: [{ duration: '5ms' }], dependencies: ['L05/clean'] }],
    },
  } satisfies Partial<Scenario>;
  return [
    { name: 'success', script: () => undefined, input: { symbols: ['AAA', 'BBB'] } },
    {
      name: 'stage-failure-with-skip',
      script: ({ taskId }) => (taskId === 'AAA/clean' ? refuse() : undefined),
      input: { symbols: ['AAA', 'BBB'] },
    },
    {
      name: 'critical-abort',
      script: async ({ taskId, work }) => {
        if (taskId === 'AAA/collect') refuse();
        if (taskId === 'BBB/collect') await untilAborted(work.signal);
      },
      input: { symbols: ['AAA', 'BBB'], criticalStages: ['collect'] },
    },
    {
      name: 'cancel',
      script: async ({ stage, work }) => {
        if (stage === 'store') await untilAborted(work.signal);
      },
      input: { symbols: ['AAA'] },
      meanwhile: async (rig, runId) => {
        await untilStatus(rig, runId, (status) => status.taskResults['AAA/store']?.status === 'running');
        await rig.lab.cancel(runId);
      },
    },
    {
      name: 'retry-in-slot-and-later',
      script: ({ taskId, attempt }) => {
        if (taskId === 'AAA/collect' && attempt === 1) throw new PredictLabError('SourceUnavailable', 'polymarket answered 503');
        if (taskId === 'AAA/collect' && attempt === 2) throw new PredictLabError('RateLimited', 'later', { retryAfterMs: 2_500 });
      },
      input: { symbols: ['AAA', 'BBB'], untilStage: 'clean', maxConcurrent: 1, retry: { retryDelay: '10ms' } },
    },
    {
      name: 'custom-tasks-and-gate',
      script: () => undefined,
      input: {
        symbols: ['AAA'],
        maxConcurrent: 1,
        tasks: [
          { taskId: 'check', activity: 'sleep', args: [{ duration: '5ms' }], dependencies: ['AAA/store'], runBefore: ['AAA/kline'] },
          { taskId: 'notify', activity: 'sleep', args: [{ duration: '5ms' }], dependencies: ['AAA/visualize'] },
        ],
      },
    },
    {
      name: 'pause-and-resume',
      script: ({ stage }) => (stage === 'collect' ? paused.opened : undefined),
      input: { symbols: ['AAA', 'BBB'], untilStage: 'store', maxConcurrent: 1 },
      meanwhile: async (rig, runId) => {
        await untilStatus(rig, runId, (status) => status.statusBreakdown.running === 1);
        await rig.lab.pause(runId);
        paused.open();
        await untilStatus(rig, runId, (status) => status.statusBreakdown.running === 0);
        await rig.lab.setMaxConcurrent(runId, 2);
        await rig.lab.resume(runId);
      },
    },
    {
      name: 'retry-failed-while-open',
      script: async ({ taskId }) => {
        if (taskId === 'AAA/clean' && !fixed.value) refuse();
        if (taskId === 'BBB/collect') await held.opened;
      },
      input: { symbols: ['AAA', 'BBB'], untilStage: 'store' },
      meanwhile: async (rig, runId) => {
        await untilStatus(rig, runId, (status) => status.statusBreakdown.skipped === 1);
        fixed.value = true;
        await rig.lab.retryFailed(runId);
        held.open();
      },
    },
    {
      name: 'local-stages',
      script: async ({ taskId, attempt, work }) => {
        if (taskId === 'L01/store' && attempt === 1) throw new PredictLabError('StorageUnavailable', 'Postgres is away');
        if (taskId === 'L02/kline') refuse();
        if (taskId === 'L03/clean' && !long.value) {
          long.value = true;
          await untilAborted(work.signal);
        }
        if (taskId === 'L04/kline' && attempt === 1) throw new PredictLabError('RateLimited', 'later', { retryAfterMs: 2_500 });
        return { ticks: 3, candles: 3 };
      },
      ...manySymbols,
    },
    {
      name: 'quiet-stages',
      script: async ({ taskId, attempt }) => {
        if (taskId === 'L01/store' && attempt === 1) throw new PredictLabError('StorageUnavailable', 'Postgres is away');
        if (taskId === 'L02/kline') refuse();
        // longer than the time within which an activity starts further stages
        if (taskId === 'L03/collect') await new Promise((resolve) => setTimeout(resolve, 1_100));
        if (taskId === 'L03/collect') return { ticks: 1_001 };
        if (taskId === 'L04/kline' && attempt === 1) throw new PredictLabError('RateLimited', 'later', { retryAfterMs: 2_500 });
        return { ticks: 3, candles: 3 };
      },
      ...manySymbols,
    },
    {
      name: 'nothing-succeeded',
      script: ({ stage }) => (stage === 'clean' ? refuse() : undefined),
      input: { symbols: ['AAA', 'BBB'], untilStage: 'store' },
    },
    {
      name: 'short-tasks',
      script: () => undefined,
      input: {
        symbols: [],
        tasks: Array.from({ length: 22 }, (_, i) => ({
          taskId: `t${i}`,
          activity: 'sleep',
          short: true,
          args: [{ duration: '1ms' }],
          dependencies: i === 0 ? [] : [`t${i - 1}`],
        })),
      },
    },
    {
      // the history with .1 is of a run that started before the patch "shared-tasks"
      name: 'short-tasks-at-once',
      script: () => undefined,
      input: {
        symbols: [],
        maxConcurrent: 6,
        retry: { retryDelay: '10ms', maxRetries: 1 },
        tasks: Array.from({ length: 30 }, (_, i) => ({
          taskId: `t${i}`,
          ...(i % 5 === 3
            ? { activity: 'httpPost', args: [{ url: 'http://127.0.0.1:9/', body: {} }] }
            : { activity: 'sleep', args: [{ duration: '5ms' }] }),
          short: true,
        })),
      },
    },
    {
      name: 'shared-tasks',
      script: () => undefined,
      input: {
        symbols: [],
        retry: { retryDelay: '10ms', backoff: 1, maxRetries: 1 },
        // nothing listens there: the first attempt fails in the shared activity, the second in one of its own, and what follows is skipped
        tasks: Array.from({ length: 6 }, (_, i) => ({
          taskId: `t${i}`,
          ...(i === 3
            ? { activity: 'httpPost', args: [{ url: 'http://127.0.0.1:9/', body: {} }] }
            : { activity: 'sleep', args: [{ duration: '1ms' }] }),
          short: true,
          dependencies: i === 0 ? [] : [`t${i - 1}`],
        })),
      },
    },
    {
      name: 'universe',
      script: () => ({ ticks: 3, candles: 3 }),
      venue: { markets: 600, events: 90, active: 10, tradesPerHour: 10 },
      input: { symbols: ['ALL', 'AAA'], untilStage: 'kline', intervals: ['1h'] },
    },
    { name: 'invalid-input', script: () => undefined, input: { symbols: ['NOBODY'] } },
  ];
}
