import { listIncidents } from '../../../incidents/rows/incidents.ts';
import type { State } from '../../../report/elements/glyphs.ts';
import type { FiledRun } from '../../../report/elements/report-path.ts';
import type { HistoryPageData, HistoryRunColumn, HistorySymbolRow } from '../../../report/history/history-data.ts';
import type { Queryable } from '../../../storage/database/database.ts';
import { symbolsByName } from '../../../storage/markets/catalogue.ts';
import { runHistory } from '../../../storage/runs/run-history.ts';
import { VERSION } from '../../../version.ts';
import { symbolPrices } from './symbol-prices.ts';

/** Columns of the grid: five days of four-hourly runs. */
export const MAX_RUNS = 30;
/** Symbols whose prices are looked up; the page shows fewer in full. */
const MAX_SYMBOLS = 300;

/** What only the caller knows about the page. */
export interface HistoryLinks {
  /** UTC epoch milliseconds. */
  readonly now: number;
  readonly runHref: (run: FiledRun) => Promise<string | null>;
  readonly symbolHref: (symbol: string, newestRun: FiledRun) => Promise<string | null>;
  readonly next: HistoryPageData['next'];
  /** The runs in Temporal's Web UI. @default not known */
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
  // by symbol, the newest run that had it
  const newest = new Map<string, FiledRun>();
  for (const run of history)
    for (const symbol of [...run.openSymbols, ...Object.keys(run.states)]) if (!newest.has(symbol)) newest.set(symbol, run);
  return {
    now: links.now,
    runs,
    symbols: await symbolRows(queryable, newest, links),
    next: links.next,
    ...(links.temporalUrl === undefined ? {} : { temporalUrl: links.temporalUrl }),
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
  const prices = await symbolPrices(queryable, looked, now);
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
