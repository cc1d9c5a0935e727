import { withStages } from '../../activities/report/queries/run-query.ts';
import type { RunOnPage } from '../../report/run/run-data.ts';
import { groupTasks } from '../../report/run/symbol-tasks.ts';
import { foldedApart } from '../../report/run/task-grid.ts';
import { STAGE_DETAIL_LIMIT } from '../../scheduling/run/run-events.ts';
import type { Database } from '../../storage/database/database.ts';
import { type LedgerTask, ledgerTasks } from '../../storage/runs/run-rows.ts';
import type { StoredRun } from '../../storage/runs/runs.ts';

/** How often the ledger is read for stages. */
const READ_EVERY_MS = 1_000;

/**
 * The stages of an open run of more than 50 symbols, whose status names symbols only. They are read from the ledger, for the symbols that
 * have a row on the page, so that following them costs the run nothing.
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

  /** The status with the stages of the rows on the page. */
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
