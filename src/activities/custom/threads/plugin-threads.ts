import type { encodeWalkForward } from '../../../backtest/record/walk-forward-columns.ts';
import type { TrialsResult } from '../../../backtest/run-trials.ts';
import type { Log } from '../../../contracts/log.ts';
import type { Json } from '../../../contracts/run/pipeline-input.ts';
import type { ActivityContext } from '../../../plugins/plugins.ts';
import type { SeriesEnd } from './backtests-on-thread.ts';
import { OwnLane, passOn } from './own-lane.ts';
import { PoolLane } from './pool-lane.ts';
import { errorOf, type PoolJob, type SeriesJob, type ThreadEnd, type ThreadTask, type WalkForwardJob } from './thread-messages.ts';

/** Maximum delay of a result, so that several results are reported together. Milliseconds. */
const TOGETHER_MS = 100;
/** Number of waiting tasks per core from which on results are reported together. */
const CROWDED_TASKS = 4;

interface JobControl {
  readonly whose: string;
  readonly signal: AbortSignal;
  readonly alive: () => void;
}

/** The threads on which the code of plugins runs: one per plugin, and a pool for tasks that compute. */
export interface PluginThreads {
  /**
   * Runs one activity off the main thread: with `thread: true` on a thread of the pool, else on the plugin's own thread. `context` can
   * abort it; an activity that does not stop then is terminated within seconds.
   *
   * @throws the error of the activity; an error of the thread itself, such as running out of memory, when the thread ended
   */
  run(
    activity: { readonly module: string; readonly name: string; readonly thread?: boolean },
    input: unknown,
    context: ActivityContext,
  ): Promise<Json>;
  /** Runs all trials on one series on a thread of the pool. @param how.alive called regularly while the job runs */
  backtests(job: SeriesJob, how: JobControl): Promise<TrialsResult>;
  /** Runs the walk-forward test of one series on a thread of the pool; returns the record in its stored form. */
  walkForward(job: WalkForwardJob, how: JobControl): Promise<ReturnType<typeof encodeWalkForward>>;
  /** Resolves at once or, while many tasks wait, within 100 ms, so that results are reported together: each report wakes a workflow. */
  together(): Promise<void>;
  close(): Promise<void>;
}

/** Creates the threads; none starts before it is needed. @param log receives stray errors and activities that block their thread */
export function createPluginThreads(log: Log): PluginThreads {
  const pool = new PoolLane(log);
  const own = new Map<string, OwnLane>();
  /** Activities that have blocked their plugin's thread; from then on they run on the pool. */
  const computing = new Set<string>();
  const pendingResults: (() => void)[] = [];
  let timer: NodeJS.Timeout | undefined;
  const release = (): void => {
    clearTimeout(timer);
    timer = undefined;
    for (const resolve of pendingResults.splice(0)) resolve();
  };
  const laneOf = (module: string): OwnLane => {
    let lane = own.get(module);
    if (lane === undefined) {
      const computes = (name: string): void => {
        if (computing.size === computing.add(`${module} ${name}`).size) return;
        log.warn(
          `the activity ${name} of ${module} held up the thread of its plugin, which was ended; from now on it runs on the pool of threads: add thread: true to the activity`,
        );
      };
      lane = new OwnLane({ module, log, computes });
      own.set(module, lane);
    }
    return lane;
  };
  const computed = async <T extends object>(job: PoolJob, { whose, signal, alive }: JobControl): Promise<T> => {
    const end = await pool.run<SeriesEnd<T>>(job, { whose, signal, onMessage: alive });
    if ('thrown' in end) throw errorOf(end.thrown);
    return end;
  };
  const crowded = (): boolean =>
    pool.waiting >= CROWDED_TASKS * pool.cores || [...own.values()].some(({ size }) => size > CROWDED_TASKS * pool.cores);
  return {
    async run({ module, name, thread }, input, context) {
      const { runId, taskId, attempt, resume, signal } = context;
      const task: ThreadTask = { module, activity: name, input, runId, taskId, attempt, resume };
      if (thread !== true && !computing.has(`${module} ${name}`)) return await laneOf(module).run(task, context);
      const end = await pool.run<ThreadEnd>({ task }, { whose: taskId, signal, onMessage: (message) => passOn(message, context) });
      if ('thrown' in end) throw errorOf(end.thrown);
      return end.output;
    },
    backtests: async (backtests, how) => await computed<TrialsResult>({ backtests }, how),
    walkForward: async (walkForward, how) => await computed<ReturnType<typeof encodeWalkForward>>({ walkForward }, how),
    async together() {
      if (!crowded()) return release();
      timer ??= setTimeout(release, TOGETHER_MS);
      await new Promise<void>((resolve) => pendingResults.push(resolve));
    },
    async close() {
      release();
      await Promise.all([pool.close(), ...[...own.values()].map((lane) => lane.close())]);
    },
  };
}
