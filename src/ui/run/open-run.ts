import { resultOfLedger, runningOnPage, withStages } from '../../activities/report/queries/run-query.ts';
import type { FollowedRun } from '../../client.ts';
import { PredictLabError } from '../../contracts/errors.ts';
import type { PipelineStatus, TaskResult } from '../../contracts/run/pipeline-status.ts';
import type { RunOnPage } from '../../report/run/run-data.ts';
import { groupTasks } from '../../report/run/symbol-tasks.ts';
import { foldedApart } from '../../report/run/task-grid.ts';
import { STAGE_DETAIL_LIMIT } from '../../scheduling/run/run-events.ts';
import type { Database } from '../../storage/database/database.ts';
import { type LedgerTask, ledgerTasks } from '../../storage/runs/run-rows.ts';
import type { StoredRun } from '../../storage/runs/runs.ts';

export interface SeenRun {
  readonly status: RunOnPage;
  /** The reason why the run did not answer, in which case `status` is what the database knows; null if it answered. */
  readonly unanswered: string | null;
}

/**
 * Queries an open run for its status; if the run does not answer, reads the status from the database.
 * @param followed `undefined` while Temporal cannot be reached
 * @param withinMs time limit for the answer; by default that of the client
 */
export async function lookAtOpenRun(
  database: Database,
  run: StoredRun,
  { followed, withinMs }: { readonly followed: FollowedRun | undefined; readonly withinMs?: number },
): Promise<SeenRun> {
  let unanswered = 'Temporal cannot be reached';
  try {
    if (followed !== undefined) {
      const status = await followed.status({ withinMs });
      const listing = status.totalTasks === 0 ? await followed.listing() : undefined;
      return { status: runningOnPage(status, Date.now(), listing === undefined ? [] : [listing]), unanswered: null };
    }
  } catch (error) {
    if (!(error instanceof PredictLabError)) throw error;
    unanswered = error.message;
  }
  const known = fromLedger(run, await ledgerTasks(database, { executionId: run.executionId }));
  const reason = `${unanswered}: this is what the database knows; it does not distinguish failed and running tasks from waiting ones`;
  return { status: runningOnPage(known, Date.now(), [reason]), unanswered };
}

/** The status from the database alone: only the tasks that took effect. */
function fromLedger(
  { runId, startedAt, config }: Pick<StoredRun, 'runId' | 'startedAt' | 'config'>,
  tasks: Awaited<ReturnType<typeof ledgerTasks>>,
): PipelineStatus {
  const taskResults = Object.fromEntries(tasks.map((task): [string, TaskResult] => [task.taskId, resultOfLedger(task)]));
  const totalTasks = Math.max(tasks.length, config.symbols.length);
  return {
    runId,
    paused: false,
    maxConcurrent: config.maxConcurrent,
    totalTasks,
    completedTasks: tasks.length,
    progress: totalTasks === 0 ? 0 : tasks.length / totalTasks,
    startedAt,
    finishedAt: null,
    durationSeconds: 0,
    statusBreakdown: { pending: totalTasks - tasks.length, running: 0, success: tasks.length, failed: 0, skipped: 0, cancelled: 0 },
    stageStats: {},
    taskResults,
  };
}

const READ_EVERY_MS = 1_000;

/**
 * The stages of an open run of more than 50 symbols, whose status names symbols only; read from the ledger, which costs the run nothing,
 * and only for symbols that have a row on the page.
 */
export class VisibleStages {
  readonly #database: Database;
  readonly #run: StoredRun;
  /** Tasks by symbol, with the symbol's state when they were read. */
  readonly #known = new Map<string, { readonly state: string; readonly tasks: readonly LedgerTask[] }>();
  #readAt = 0;

  constructor(database: Database, run: StoredRun) {
    this.#database = database;
    this.#run = run;
  }

  /** Adds to a status the stages of the symbols that have a row on the page. */
  async shown(status: RunOnPage): Promise<RunOnPage> {
    const { config, executionId } = this.#run;
    if (config.symbols.length <= STAGE_DETAIL_LIMIT) return status;
    const names = config.symbols.map(({ symbol }) => symbol);
    const symbols = foldedApart(groupTasks(status, names).symbols)[0].map(({ symbol }) => symbol);
    const stateOf = (symbol: string): string => status.taskResults[symbol]?.status ?? '';
    const moved = symbols.filter((symbol) => {
      const state = stateOf(symbol);
      return state === 'running' || (state !== 'pending' && this.#known.get(symbol)?.state !== state);
    });
    if (moved.length > 0 && Date.now() - this.#readAt >= READ_EVERY_MS) {
      this.#readAt = Date.now();
      const states = moved.map((symbol) => [symbol, stateOf(symbol)] as const);
      const tasks = await ledgerTasks(this.#database, { executionId, symbols: moved });
      for (const [symbol, state] of states) this.#known.set(symbol, { state, tasks: tasks.filter((task) => task.symbol === symbol) });
    }
    const tasks = symbols.flatMap((symbol) => this.#known.get(symbol)?.tasks ?? []);
    return withStages(status, { symbols, untilStage: config.untilStage, tasks });
  }
}
