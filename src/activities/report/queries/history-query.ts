import { DAY_MS } from '../../../contracts/words.ts';
import { listIncidents } from '../../../incidents/rows/incidents.ts';
import type { FiledRun } from '../../../report/elements/report-path.ts';
import type { State } from '../../../report/elements/tip.ts';
import type { HistoryPageData, HistoryRunColumn, HistorySymbolRow } from '../../../report/history/history-data.ts';
import type { SymbolIndexRow } from '../../../report/site/symbols-page.ts';
import type { Queryable } from '../../../storage/database/database.ts';
import { listSymbols, symbolsByName } from '../../../storage/markets/catalogue.ts';
import { universeOverviews } from '../../../storage/markets/universe-overview.ts';
import { runHistory } from '../../../storage/runs/run-history.ts';
import { gapsBySymbol } from '../../../storage/runs/run-rows.ts';
import { VERSION } from '../../../version.ts';
import { MIN_GAP_MS, symbolPrices } from './run-query.ts';

/** Number of runs in the grid, one column each: five days of runs every four hours. */
export const MAX_RUNS = 30;
/** Maximum number of symbols whose prices are looked up; the page shows fewer in full. */
const MAX_SYMBOLS = 300;

export interface HistoryLinks {
  /** UTC epoch milliseconds. */
  readonly now: number;
  readonly runHref: (run: FiledRun) => Promise<string | null>;
  readonly symbolHref: (symbol: string, newestRun: FiledRun) => Promise<string | null>;
  readonly next: HistoryPageData['next'];
  /** Overviews of the universes that have been listed. @default read from the database */
  readonly universes?: HistoryPageData['universes'];
  readonly temporalUrl?: string;
}

/** Reads what the page over all runs shows. */
export async function loadHistoryPage(queryable: Queryable, links: HistoryLinks): Promise<HistoryPageData> {
  const history = await runHistory(queryable, MAX_RUNS);
  const runs = await Promise.all(
    history.map(
      async (run): Promise<HistoryRunColumn> => ({
        runId: run.runId,
        state: run.result ?? 'running',
        startedAt: run.startedAt.getTime(),
        asOf: run.asOf,
        durationSeconds: run.durationSeconds,
        totalTasks: run.totalTasks,
        reasons: run.reasons,
        href: await links.runHref(run),
        openSymbols: run.openSymbols,
        states: new Map<string, State>([
          ...run.openSymbols.map((symbol): [string, State] => [symbol, 'pending']),
          ...Object.entries(run.states),
        ]),
        custom: run.custom,
      }),
    ),
  );
  // the newest run of each symbol, by symbol
  const newest = new Map<string, FiledRun>();
  for (const run of history)
    for (const symbol of [...run.openSymbols, ...Object.keys(run.states)]) if (!newest.has(symbol)) newest.set(symbol, run);
  return {
    now: links.now,
    runs,
    symbols: await symbolRows(queryable, newest, links),
    next: links.next,
    ...(links.temporalUrl === undefined ? {} : { temporalUrl: links.temporalUrl }),
    universes: links.universes ?? (await universeOverviews(queryable)),
    incidents: await listIncidents(queryable, { open: true, limit: 100 }),
    madeBy: `PredictLab ${VERSION}`,
  };
}

const symbolRows = async (
  queryable: Queryable,
  newestRun: ReadonlyMap<string, FiledRun>,
  { now, symbolHref }: HistoryLinks,
): Promise<readonly HistorySymbolRow[]> => {
  const symbols = [...newestRun.keys()].sort();
  const looked = symbols.slice(0, MAX_SYMBOLS);
  const prices = await symbolPrices(queryable, looked, { to: now });
  const titles = await symbolsByName(queryable, looked);
  return await Promise.all(
    symbols.map(async (symbol): Promise<HistorySymbolRow> => {
      const run = newestRun.get(symbol);
      return {
        symbol,
        title: titles.get(symbol)?.title ?? '',
        href: run === undefined ? null : await symbolHref(symbol, run),
        ...prices(symbol),
      };
    }),
  );
};

/** Reads the rows of the index of symbols. @param now UTC epoch milliseconds */
export async function loadSymbolIndex(queryable: Queryable, now: number): Promise<readonly SymbolIndexRow[]> {
  const entries = await listSymbols(queryable);
  const states = new Map<string, State>();
  const looked = new Map<string, number>();
  for (const { openSymbols, states: ended, asOf, startedAt } of await runHistory(queryable, MAX_RUNS)) {
    for (const [symbol, state] of [...Object.entries(ended), ...openSymbols.map((symbol): [string, State] => [symbol, 'pending'])])
      if (!states.has(symbol)) states.set(symbol, state);
    for (const symbol of Object.keys(ended))
      looked.set(symbol, Math.max(looked.get(symbol) ?? 0, Math.min(asOf ?? startedAt.getTime(), now)));
  }
  const names = entries.map(({ symbol }) => symbol);
  // shards of universes have no row of their own, since they have tens of thousands of markets
  for (const symbol of looked.keys()) if (!names.includes(symbol)) looked.delete(symbol);
  const prices = await symbolPrices(queryable, names, { to: now });
  const gaps = await gapsBySymbol(queryable, {
    symbols: [...looked.keys()],
    asOf: [...looked.values()],
    window: 7 * DAY_MS,
    shortest: MIN_GAP_MS,
  });
  return entries.map(({ symbol, title, enabled, priority }) => {
    const state = states.get(symbol) ?? null;
    return {
      symbol,
      title,
      enabled,
      priority,
      state,
      // a symbol links to its page in the newest run that included it
      href: state === null ? null : `/symbols/${encodeURIComponent(symbol)}`,
      gaps: gaps.get(symbol) ?? null,
      ...prices(symbol),
    };
  });
}
