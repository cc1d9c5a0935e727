import type { encodeWalkForward } from '../../../backtest/record/walk-forward-columns.ts';
import type { TrialsResult } from '../../../backtest/run-trials.ts';
import type { Log } from '../../../contracts/log.ts';
import type { Json } from '../../../contracts/run/pipeline-input.ts';
import type { ActivityContext } from '../../../plugins/plugins.ts';
import type { SeriesEnd } from './backtests-on-thread.ts';
import { OwnLane, pass } from './own-lane.ts';
import { PoolLane } from './pool-lane.ts';
import { errorOf, type PoolJob, type SeriesJob, type ThreadEnd, type ThreadTask, type WalkForwardJob } from './thread-messages.ts';

/** Ends are reported together for at most this long, while every thread has at least so many tasks before it. */
const TOGETHER_MS = 100;
const TASKS_BEFORE_IT = 4;

interface HeardJob {
  readonly whose: string;
  readonly signal: AbortSignal;
  readonly alive: () => void;
}

/** Where the code of plugins runs: each plugin's own thread, and a pool of threads for what computes. */
export interface PluginThreads {
  /**
   * Runs one activity off the main thread: with `thread: true` on one of the pool, else on its plugin's own. Its heartbeats and log
   * lines go to `context`, whose abort reaches it; what does not stop then is ended within seconds.
   *
   * @returns its output
   * @throws what it threw; an error of the thread itself, such as running out of memory, when it ended with the task
   */
  run(
    activity: { readonly module: string; readonly name: string; readonly thread?: boolean },
    input: unknown,
    context: ActivityContext,
  ): Promise<Json>;
  /**
   * Runs all trials on one series on a thread of the pool.
   *
   * @param how.alive called now and then while it runs
   */
  backtests(job: SeriesJob, how: HeardJob): Promise<TrialsResult>;
  /** Walks through one series on a thread of the pool; as its record is stored. */
  walkForward(job: WalkForwardJob, how: HeardJob): Promise<ReturnType<typeof encodeWalkForward>>;
  /**
   * Comes back at once, or a little later while many tasks wait for a thread: each reported end wakes the run, which takes
   * the time of the cores that they wait for.
   */
  together(): Promise<void>;
  /** Ends all threads, whatever they do. */
  close(): Promise<void>;
}

/** No thread is started before it is needed. @param log hears of stray errors and of activities that hold up their thread */
export function createPluginThreads(log: Log): PluginThreads {
  const pool = new PoolLane(log);
  const own = new Map<string, OwnLane>();
  /** Activities that held up their plugin's thread: from then on they get one of the pool. */
  const computing = new Set<string>();
  /** Ends that are reported together. */
  const held: (() => void)[] = [];
  let telling: NodeJS.Timeout | undefined;
  const tell = (): void => {
    clearTimeout(telling);
    telling = undefined;
    for (const resolve of held.splice(0)) resolve();
  };
  const laneOf = (module: string): OwnLane => {
    let lane = own.get(module);
    if (lane === undefined) {
      const computes = (name: string): void => {
        if (computing.size === computing.add(`${module} ${name}`).size) return;
        log.warn(
          `the activity ${name} of ${module} held up the thread of its plugin, which was ended; from now on it gets threads of the pool: write thread: true beside it`,
        );
      };
      lane = new OwnLane({ module, log, computes });
      own.set(module, lane);
    }
    return lane;
  };
  const computed = async <T extends object>(job: PoolJob, { whose, signal, alive }: HeardJob): Promise<T> => {
    const end = await pool.run<SeriesEnd<T>>(job, { whose, signal, hear: alive });
    if ('thrown' in end) throw errorOf(end.thrown);
    return end;
  };
  const crowded = (): boolean =>
    pool.waiting >= TASKS_BEFORE_IT * pool.cores || [...own.values()].some(({ size }) => size > TASKS_BEFORE_IT * pool.cores);
  return {
    async run({ module, name, thread }, input, context) {
      const { runId, taskId, attempt, resume, signal } = context;
      const task: ThreadTask = { module, activity: name, input, runId, taskId, attempt, resume };
      if (thread !== true && !computing.has(`${module} ${name}`)) return await laneOf(module).run(task, context);
      const end = await pool.run<ThreadEnd>({ task }, { whose: taskId, signal, hear: (message) => pass(message, context) });
      if ('thrown' in end) throw errorOf(end.thrown);
      return end.output;
    },
    backtests: async (backtests, how) => await computed<TrialsResult>({ backtests }, how),
    walkForward: async (walkForward, how) => await computed<ReturnType<typeof encodeWalkForward>>({ walkForward }, how),
    async together() {
      if (!crowded()) return tell();
      telling ??= setTimeout(tell, TOGETHER_MS);
      await new Promise<void>((resolve) => held.push(resolve));
    },
    async close() {
      tell();
      await Promise.all([pool.close(), ...[...own.values()].map((lane) => lane.close())]);
    },
  };
}
