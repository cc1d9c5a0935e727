import { loadHistoryPage, MAX_RUNS } from '../activities/report/queries/history-query.ts';
import type { FollowedRun, PredictLab } from '../client.ts';
import type { State } from '../report/elements/tip.ts';
import type { HistoryPageData, HistoryRunColumn } from '../report/history/history-data.ts';
import { historyPartsOf } from '../report/history/history-page.ts';
import { groupTasks, worstState } from '../report/run/symbol-tasks.ts';
import { universeOverviews, universesMark } from '../storage/markets/universe-overview.ts';
import { historyMark } from '../storage/runs/run-history.ts';
import type { LiveLook } from './live/live-page.ts';
import { type RunSources, runAddress } from './run/run-pages.ts';

/** Milliseconds between two updates of the ages on the page. */
const TICK_MS = 10_000;
/** Maximum number of open runs whose status is queried, the newest ones. */
const MAX_QUERIED = 5;
/** Milliseconds before a run that did not answer is queried again: without its worker each query waits for a timeout. */
const QUERY_AGAIN_MS = 10_000;
const SCHEDULE_EVERY_MS = 10_000;

/** The data of the page of all runs, from the database and, for open runs, from the runs themselves. */
export class HistoryPages {
  readonly #options: RunSources;
  #next: { readonly readAt: number; readonly next: HistoryPageData['next'] } | undefined;

  #read: { readonly mark: string; readonly universes: ReturnType<typeof universeOverviews> } | undefined;
  /** The universes as last read. */
  #universes: HistoryPageData['universes'];

  constructor(options: RunSources) {
    this.#options = options;
  }

  /** The page's data now; for open runs only what the database knows. */
  async load(): Promise<HistoryPageData> {
    const { database, temporalUi } = this.#options;
    return await loadHistoryPage(database, {
      now: Date.now(),
      // A run id alone means the newest run with that id.
      runHref: async (run) => runAddress(run.executionId),
      symbolHref: async (symbol) => `/symbols/${encodeURIComponent(symbol)}`,
      next: await this.#nextRun(),
      universes: await this.#lastUniverses(),
      ...(temporalUi === undefined ? {} : { temporalUrl: temporalUi.runs }),
    });
  }

  /** Returns a function that reads the page's parts: open runs by query each time, the rest only after something was stored. */
  looker(): () => Promise<LiveLook> {
    const { database } = this.#options;
    const open = new OpenRuns(this.#options.lab);
    let mark = '';
    let data: HistoryPageData | undefined;
    return async () => {
      const seen = await historyMark(database, MAX_RUNS);
      const next = await this.#nextRun();
      if (data === undefined || seen !== mark || data.universes !== this.#universes) data = await this.load();
      mark = seen;
      const now = Math.max(data.now, Math.floor(Date.now() / TICK_MS) * TICK_MS);
      return { parts: historyPartsOf({ ...data, now, next, runs: await open.completed(data.runs) }, true), ended: false };
    };
  }

  /**
   * The universes as last read. They are read again after a listing or the end of a run, and only the first page waits for that: tens of
   * thousands of members take a second.
   */
  async #lastUniverses(): Promise<HistoryPageData['universes']> {
    const { database } = this.#options;
    const mark = await universesMark(database);
    const known = this.#read?.mark === mark ? this.#read.universes : undefined;
    const universes = known ?? universeOverviews(database);
    if (known === undefined) {
      this.#read = { mark, universes };
      universes.then(
        (found) => void (this.#universes = found),
        () => void (this.#read = undefined),
      );
    }
    return this.#universes ?? (await universes);
  }

  async #nextRun(): Promise<HistoryPageData['next']> {
    if (this.#next !== undefined && Date.now() - this.#next.readAt < SCHEDULE_EVERY_MS) return this.#next.next;
    const { schedules } = (await this.#options.lab()) ?? {};
    const schedule = await schedules?.show().catch(() => undefined);
    const next = schedule === undefined ? null : { at: Date.parse(schedule.nextRuns[0] ?? ''), paused: schedule.paused };
    this.#next = { readAt: Date.now(), next };
    return next;
  }
}

/** Queries open runs for the states of their symbols, since the database knows only the tasks that took effect. */
class OpenRuns {
  readonly #lab: RunSources['lab'];
  readonly #followed = new Map<string, FollowedRun>();
  readonly #silentUntil = new Map<string, number>();

  constructor(lab: RunSources['lab']) {
    this.#lab = lab;
  }

  async completed(runs: readonly HistoryRunColumn[]): Promise<readonly HistoryRunColumn[]> {
    const queried = new Set(runs.filter(({ state }) => state === 'running').slice(0, MAX_QUERIED));
    const ids = new Set([...queried].map(({ runId }) => runId));
    for (const id of this.#followed.keys()) if (!ids.has(id)) this.#followed.delete(id);
    const lab = queried.size === 0 ? undefined : await this.#lab();
    if (lab === undefined) return runs;
    return await Promise.all(runs.map(async (run) => (queried.has(run) ? await this.#completed(lab, run) : run)));
  }

  async #completed(lab: PredictLab, run: HistoryRunColumn): Promise<HistoryRunColumn> {
    const { runId } = run;
    if (Date.now() < (this.#silentUntil.get(runId) ?? 0)) return run;
    try {
      const followed = this.#followed.get(runId) ?? (await lab.follow(runId));
      this.#followed.set(runId, followed);
      const { symbols, custom } = groupTasks(await followed.status(), run.openSymbols);
      return {
        ...run,
        states: new Map(symbols.map(({ symbol, verdict }): [string, State] => [symbol, verdict])),
        custom: custom.length === 0 ? null : worstState(custom.map(({ task }) => task)),
      };
    } catch {
      this.#followed.delete(runId);
      this.#silentUntil.set(runId, Date.now() + QUERY_AGAIN_MS);
      return run;
    }
  }
}
