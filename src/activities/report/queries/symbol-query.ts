import { resolutionAsOf } from '../../../backtest/engine/market.ts';
import { calibrationOfMarkets, marketForecasts } from '../../../backtest/metrics/calibration.ts';
import { decodeMetrics } from '../../../backtest/record/metrics-column.ts';
import { groupedBy } from '../../../contracts/grouped-by.ts';
import type { Json } from '../../../contracts/run/pipeline-input.ts';
import { windowOf } from '../../../contracts/run/run-window.ts';
import { numberIn, sentencesIn } from '../../../contracts/task/task-output.ts';
import { INTERVALS, type Interval, type SourceType, stageTaskId, type TickKind } from '../../../contracts/words.ts';
import { recordOf } from '../../../input/raw-input.ts';
import type { CalibrationTable, InstrumentSection, ShortMarket, SymbolPageData } from '../../../report/symbol/symbol-data.ts';
import { readWalkForwards } from '../../../storage/backtests/walk-forwards.ts';
import type { Queryable } from '../../../storage/database/database.ts';
import { symbolsByName } from '../../../storage/markets/catalogue.ts';
import { instrumentsOf, type StoredInstrument } from '../../../storage/markets/instruments.ts';
import { findEffect } from '../../../storage/runs/ledger/ledger.ts';
import { runOf } from '../../../storage/runs/runs.ts';
import { latenessBySource } from '../../../storage/ticks/lateness.ts';
import {
  type BacktestHead,
  backtestHeads,
  lastTicks,
  type NewestResults,
  newestResults,
  pricePaths,
  retryChain,
  tickActivity,
} from '../../../storage/ticks/symbol-rows.ts';
import { VERSION } from '../../../version.ts';
import { instrumentSummary, loadInstrumentSection, type SectionContext } from './instrument-query.ts';

/** Maximum number of instruments with a section of their own, and of rows in the table of all other instruments. */
const MAX_SECTIONS = 6;
const MAX_OTHERS = 200;
/** Maximum number of small pictures of the markets of a series. */
const MAX_PICTURES = 60;
const MAX_BACKTESTS = 60;

export interface SymbolPageRequest {
  readonly runId: string;
  readonly executionId: string;
  readonly symbol: string;
  readonly settings: {
    readonly sourceTypes: readonly SourceType[];
    readonly intervals: readonly Interval[];
    readonly daysBack: number;
    /** UTC epoch milliseconds. */
    readonly asOf: number;
  };
  /** Whether to show the newest result of each kind from any run, for a page about the present. @default only results of this run */
  readonly newest?: boolean;
}

/** Reads everything that a symbol's page shows. The most active instruments come first and in full, the rest as table rows. */
export async function loadSymbolPage(queryable: Queryable, request: SymbolPageRequest): Promise<SymbolPageData> {
  const { symbol, settings, executionId, newest: isPresent = false } = request;
  const window = windowOf(settings);
  // a run's page shows what was known at its `asOf`; a page about the present also shows markets of sources that the newest run did not use
  const instruments = (await instrumentsOf(queryable, symbol, isPresent ? undefined : settings.sourceTypes)).map((instrument) => ({
    ...instrument,
    resolution: resolutionAsOf(instrument.resolution, settings.asOf),
  }));
  const { kinds, ticks } = await activityOf(queryable, { symbol, ...window });
  const series = seriesOfMarkets(instruments);
  const short = new Set(series.map(({ instrument }) => instrument.key));
  const ranked = [...instruments].sort((a, b) => (ticks.get(b.key) ?? 0) - (ticks.get(a.key) ?? 0) || a.key - b.key);
  // the most active of the short markets gets a section; small charts show the others
  const detailed = [...ranked.filter(({ key }) => !short.has(key)), ...ranked.filter(({ key }) => short.has(key)).slice(0, 1)].slice(
    0,
    MAX_SECTIONS,
  );
  const listed = [...detailed, ...ranked.filter((instrument) => !detailed.includes(instrument))].slice(0, MAX_SECTIONS + MAX_OTHERS);
  const own = await retryChain(queryable, executionId);
  const newest = isPresent ? await newestResults(queryable, symbol) : undefined;
  const backtestRun = newest?.backtests && newest.backtests !== executionId ? await runOf(queryable, newest.backtests) : undefined;
  const idsOf = (kind: keyof NewestResults): readonly string[] => (newest === undefined ? own : [newest[kind] ?? executionId]);
  const heads = await backtestHeads(queryable, { symbol, executionIds: idsOf('backtests'), limit: MAX_BACKTESTS });
  const context: SectionContext = {
    symbol,
    window,
    intervals: INTERVALS.filter((one) => settings.intervals.includes(one) || backtestRun?.config.intervals.includes(one)),
    asOf: settings.asOf,
    lateness: await latenessBySource(queryable, settings.asOf),
    kinds,
    ticks,
    last: await lastTicks(queryable, { ...keysAndKinds(listed, kinds), until: settings.asOf }),
    backtests: groupedBy(heads, ({ instrumentKey }) => instrumentKey),
    walkForwards: await readWalkForwards(queryable, { symbol, executionIds: idsOf('walkForwards') }),
    sections: detailed.length,
    duplicates: instruments.length === 1 ? await duplicatesOf(queryable, newest?.store ?? executionId, symbol) : null,
  };
  const markets = await loadShortMarkets(queryable, series, { kinds, asOf: settings.asOf });
  const sections: InstrumentSection[] = [];
  for (const instrument of detailed) sections.push(await loadInstrumentSection(queryable, instrument, context));
  return {
    symbol,
    title: (await symbolsByName(queryable, [symbol])).get(symbol)?.title ?? '',
    runId: request.runId,
    asOf: settings.asOf,
    window,
    ...(await collectionOf(queryable, newest?.collect ?? executionId, symbol)),
    ...(heads.length > 0 && backtestRun !== undefined && { backtestRun: { runId: backtestRun.runId, asOf: backtestRun.config.asOf } }),
    instruments: sections,
    shortMarkets: markets.slice(0, MAX_PICTURES),
    others: listed.slice(detailed.length).map((instrument) => instrumentSummary(instrument, context)),
    instrumentCount: instruments.length,
    calibration: [...halfTimeCalibration(markets), ...calibrationTables(heads)],
    madeBy: `PredictLab ${VERSION}`,
  };
}

/** Number of ticks in the window, and the kind of tick that charts show (trades if there are any), by instrument. */
const activityOf = async (
  queryable: Queryable,
  filter: { symbol: string; from: number; to: number },
): Promise<{ kinds: ReadonlyMap<number, TickKind>; ticks: ReadonlyMap<number, number> }> => {
  const kinds = new Map<number, TickKind>();
  const ticks = new Map<number, number>();
  for (const row of await tickActivity(queryable, filter)) {
    ticks.set(row.instrumentKey, (ticks.get(row.instrumentKey) ?? 0) + row.ticks);
    if (row.kind === 'trade' || !kinds.has(row.instrumentKey)) kinds.set(row.instrumentKey, row.kind);
  }
  return { kinds, ticks };
};

const keysAndKinds = (
  instruments: readonly { readonly key: number }[],
  kinds: ReadonlyMap<number, TickKind>,
): { keys: readonly number[]; kinds: readonly TickKind[] } => ({
  keys: instruments.map(({ key }) => key),
  kinds: instruments.map(({ key }) => kinds.get(key) ?? 'trade'),
});

/** Calibration of the symbol by interval. Every backtest of an interval stores it, so it is read from any of them. */
const calibrationTables = (heads: readonly BacktestHead[]): readonly CalibrationTable[] =>
  INTERVALS.flatMap((interval) => {
    const bins = heads.filter((head) => head.interval === interval).map((head) => decodeMetrics(head.metrics).calibration);
    const found = bins.find((table) => table.length > 0);
    return found === undefined ? [] : [{ of: interval, bins: found }];
  });

const duplicatesOf = async (queryable: Queryable, executionId: string, symbol: string): Promise<number | null> => {
  const effect = await findEffect(queryable, { executionId, taskId: stageTaskId(symbol, 'store') });
  return numberIn(effect?.output, 'duplicates');
};

/** Result of the run's collection of the symbol: sources without data, and the share of coverage confirmed by reading it again. */
const collectionOf = async (
  queryable: Queryable,
  executionId: string,
  symbol: string,
): Promise<Pick<SymbolPageData, 'missingSources' | 'secondLook'>> => {
  const output = (await findEffect(queryable, { executionId, taskId: stageTaskId(symbol, 'collect') }))?.output;
  const look = recordOf(recordOf(output)['secondLook']) as { readonly [name: string]: Json };
  const [marketHours, confirmed] = [numberIn(look, 'marketHours'), numberIn(look, 'confirmed')];
  return {
    missingSources: { ...sentencesIn(output, 'skippedSources'), ...sentencesIn(output, 'failedSources') },
    ...(marketHours !== null && confirmed !== null && { secondLook: { marketHours, confirmed } }),
  };
};

/** Smallest number of markets, closing soon after one another, that form a series. */
const FEWEST = 8;
const SHORT_MS = 4 * 3_600_000;
/** Maximum number of markets whose prices are loaded, and number of points of a small picture. */
const MOST = 300;
const STRETCHES = 30;

interface SeriesMarket {
  readonly instrument: StoredInstrument;
  readonly from: number;
  readonly to: number;
}

/** A symbol's markets if they usually close within hours of each other, else none. `from` is the opening or the usual step before `to`. */
function seriesOfMarkets(instruments: readonly StoredInstrument[]): readonly SeriesMarket[] {
  const dated = instruments.flatMap((instrument) => (instrument.closesAt === null ? [] : [{ instrument, to: instrument.closesAt }]));
  const closes = [...new Set(dated.map(({ to }) => to))].sort((a, b) => a - b);
  if (closes.length < FEWEST) return [];
  const steps = closes
    .slice(1)
    .map((at, i) => at - closes[i])
    .sort((a, b) => a - b);
  const usual = steps[Math.floor(steps.length / 2)];
  if (usual > SHORT_MS) return [];
  return dated.map(({ instrument, to }) => ({
    instrument,
    to,
    from: Math.max(instrument.opensAt ?? Number.NEGATIVE_INFINITY, to - usual),
  }));
}

/** Loads the newest started markets of a series with their prices; more than one page draws. @param asOf UTC epoch milliseconds */
async function loadShortMarkets(
  queryable: Queryable,
  series: readonly SeriesMarket[],
  { kinds, asOf }: { readonly kinds: ReadonlyMap<number, TickKind>; readonly asOf: number },
): Promise<readonly ShortMarket[]> {
  const shown = series
    .filter(({ instrument, from }) => from < asOf && kinds.has(instrument.key))
    .sort((a, b) => b.to - a.to)
    .slice(0, MOST);
  const paths = await pricePaths(queryable, {
    wanted: shown.map(({ instrument, from, to }) => ({
      instrumentKey: instrument.key,
      kind: kinds.get(instrument.key) ?? 'trade',
      from,
      to: Math.min(to, asOf),
    })),
    stretches: STRETCHES,
  });
  return shown.map(({ instrument, from, to }) => ({
    id: instrument.id,
    title: instrument.title,
    opensAt: from,
    closesAt: to,
    resolution: instrument.resolution,
    path: paths.get(instrument.key) ?? [],
  }));
}

/** Calibration of the price at half-time over the resolved markets of a series, one forecast per market; empty for fewer than two. */
function halfTimeCalibration(markets: readonly ShortMarket[]): readonly CalibrationTable[] {
  const forecasts = markets.flatMap(({ path, opensAt, closesAt, resolution }) => {
    const known = path.findLast(({ time }) => time <= (opensAt + closesAt) / 2);
    if (known === undefined || resolution.kind !== 'settled' || (resolution.payout !== 0 && resolution.payout !== 1)) return [];
    return [marketForecasts(Float64Array.of(known.price), resolution.payout)];
  });
  return forecasts.length < 2 ? [] : [{ of: 'price at half-time', bins: calibrationOfMarkets(forecasts) }];
}
