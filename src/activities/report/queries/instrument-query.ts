import { weakHalves } from '../../../backtest/metrics/sample.ts';
import { decodeMetrics, rankedSharpe } from '../../../backtest/record/metrics-column.ts';
import { decodePassport, shortPassport, storedParams, tradingTerms } from '../../../backtest/record/passport-column.ts';
import type { TimeRange } from '../../../contracts/market-data.ts';
import { INTERVAL_MS, type Interval, type SourceType, type TickKind } from '../../../contracts/words.ts';
import { candlesAsRows } from '../../../market/candles/candle-columns.ts';
import { fittingInterval } from '../../../market/candles/fitting-interval.ts';
import { unusualQuiet } from '../../../market/integrity/unusual-quiet.ts';
import { mirrorPrice } from '../../../market/mirror-price.ts';
import { areReversed } from '../../../market/twin-basis.ts';
import { MAX_BUCKETS } from '../../../report/charts/shown-range.ts';
import { paramsText } from '../../../report/elements/format.ts';
import type { BacktestRow, InstrumentSection, InstrumentSummary, TwinQuote } from '../../../report/symbol/symbol-data.ts';
import type { WalkForwardHead } from '../../../storage/backtests/walk-forwards.ts';
import { tickHours } from '../../../storage/candles/candle-plan.ts';
import { readCandles } from '../../../storage/candles/candles.ts';
import type { Queryable } from '../../../storage/database/database.ts';
import type { StoredInstrument } from '../../../storage/markets/instruments.ts';
import { readBasis } from '../../../storage/markets/twin-basis.ts';
import { twinsOf } from '../../../storage/markets/twins.ts';
import { coverageOf, gapsOf } from '../../../storage/ticks/coverage.ts';
import { quarantineCounts } from '../../../storage/ticks/quarantine.ts';
import { type BacktestHead, candleCounts, type LastTick, lastTicks, quarantineTimes } from '../../../storage/ticks/symbol-rows.ts';
import { loadChosenBacktest, loadWalkForwards, type ReadSeries } from './chosen-backtest-query.ts';

/** Maximum number of candles on one page, over all its instruments and intervals. */
const MAX_CANDLES = 6000;
const MAX_QUARANTINE_TICKS = 500;
/** Number of candles before the first one on the page that are read for indicators, which need earlier values. */
const WARM_UP_BUCKETS = 500;
/** Maximum number of twins whose prices are drawn over an instrument's own. */
const MAX_DRAWN_TWINS = 2;

/** Data that the sections of one page share. The keys of all maps are instrument keys. */
export interface SectionContext {
  readonly symbol: string;
  readonly window: TimeRange;
  readonly intervals: readonly Interval[];
  readonly asOf: number;
  /** Expected lateness of a source's rows in milliseconds: more recent time does not count as collected. */
  readonly lateness: (source: SourceType) => number;
  readonly kinds: ReadonlyMap<number, TickKind>;
  /** Number of ticks in the window, by instrument key. */
  readonly ticks: ReadonlyMap<number, number>;
  readonly last: ReadonlyMap<number, LastTick>;
  readonly backtests: ReadonlyMap<number, readonly BacktestHead[]>;
  readonly walkForwards: readonly WalkForwardHead[];
  readonly sections: number;
  readonly duplicates: number | null;
}

/** Returns an instrument as a row of the page's table. */
export const instrumentSummary = (instrument: StoredInstrument, context: SectionContext): InstrumentSummary => {
  const sharpes = (context.backtests.get(instrument.key) ?? []).flatMap((head) => rankedSharpe(decodeMetrics(head.metrics)) ?? []);
  const { id, source, title, closesAt, resolution, settlement } = instrument;
  const facts = { id, source, title, closesAt, resolution, ...(settlement !== undefined && { settlement }) };
  return {
    ...facts,
    ticks: context.ticks.get(instrument.key) ?? 0,
    last: context.last.get(instrument.key) ?? null,
    bestSharpe: sharpes.length === 0 ? null : Math.max(...sharpes),
  };
};

/** Everything that one instrument's section of a symbol's page shows. */
export async function loadInstrumentSection(
  queryable: Queryable,
  instrument: StoredInstrument,
  context: SectionContext,
): Promise<InstrumentSection> {
  const added = fittingInterval(context.intervals, instrument);
  const { series, priceType } = await seriesOf(queryable, instrument, context, added);
  const kind = priceType ?? context.kinds.get(instrument.key) ?? 'trade';
  const covered = instrument.source === 'file' ? [] : await coverageOf(queryable, instrument.key, kind);
  const coverage = await coverageFacts(queryable, { instrument, kind, covered, firstDrawn: firstCandle(series) }, context);
  const heads = context.backtests.get(instrument.key) ?? [];
  const filter = { symbol: context.symbol, instrumentKey: instrument.key };
  const chosen = await loadChosenBacktest(queryable, heads, series);
  const walked = context.walkForwards.filter(({ instrumentKey }) => instrumentKey === instrument.key);
  const { market, outcomes, reference, opensAt, endsAt, event, closed, fees, tickSize, book } = instrument;
  const facts = { market, outcomes, reference, opensAt, endsAt, event, closed, fees, tickSize, book };
  return {
    ...instrumentSummary(instrument, context),
    ...facts,
    twins: await twinQuotes(queryable, instrument, series, context.asOf),
    priceType,
    series: series.map(({ columns: _, ...embedded }) => embedded),
    ...(series.some(({ interval }) => interval === added) && { added }),
    gaps: coverage.gaps,
    quality: {
      coverage: coverage.share,
      quiet: await quietOf(queryable, { instrument, kind, covered }, context.asOf),
      quarantined: await quarantineCounts(queryable, filter),
      quarantineTimes: await quarantineTimes(queryable, {
        ...filter,
        from: firstCandle(series) ?? context.window.from,
        to: context.asOf,
        limit: MAX_QUARANTINE_TICKS,
      }),
      duplicates: context.duplicates,
    },
    backtests: heads.map(backtestRow),
    chosen,
    ...(walked.length > 0 && { walkForwards: await loadWalkForwards(queryable, walked, heads[chosen?.index ?? 0]?.interval) }),
  };
}

const firstCandle = (series: readonly Pick<ReadSeries, 'candles'>[]): number | null =>
  series.reduce<number | null>((first, { candles }) => {
    const time = candles[0]?.openTime ?? null;
    return time === null ? first : Math.min(first ?? time, time);
  }, null);

/** Series of the run's intervals, and of the one added for a short market, that have candles: of trades if there are any, else of price points. */
const seriesOf = async (
  queryable: Queryable,
  instrument: StoredInstrument,
  context: SectionContext,
  added: Interval | undefined,
): Promise<{ series: readonly ReadSeries[]; priceType: TickKind | null }> => {
  const counts = (await candleCounts(queryable, { instrumentKey: instrument.key, until: context.asOf })).filter(
    ({ interval }) => context.intervals.includes(interval) || interval === added,
  );
  const priceType = counts.some((row) => row.priceType === 'trade') ? 'trade' : (counts[0]?.priceType ?? null);
  const most = Math.min(MAX_BUCKETS, Math.floor(MAX_CANDLES / context.sections / Math.max(1, context.intervals.length)));
  const series: ReadSeries[] = [];
  for (const { interval, count, last, priceType: type } of counts) {
    if (type !== priceType) continue;
    // the last candles of a market that closed long ago are at the market's end, not at `asOf`
    const to = Math.min(context.asOf, last + INTERVAL_MS[interval]);
    const columns = await readCandles(queryable, {
      instrumentKey: instrument.key,
      priceType: type,
      interval,
      from: to - (MAX_BUCKETS + WARM_UP_BUCKETS) * INTERVAL_MS[interval],
      to,
    });
    const first = to - MAX_BUCKETS * INTERVAL_MS[interval];
    const candles = candlesAsRows(columns).map((row, i) => ({ ...row, trades: columns.trades[i], complete: columns.complete[i] === 1 }));
    series.push({ interval, candles: candles.filter(({ openTime }) => openTime >= first).slice(-most), total: count, columns });
  }
  return { series, priceType };
};

interface Collection {
  readonly instrument: StoredInstrument;
  readonly kind: TickKind;
  /** Collected ranges of the ticks of `kind`, oldest first; empty for a file, which is complete by definition. */
  readonly covered: readonly TimeRange[];
}

/**
 * Gaps, and the collected share of the window; a file has neither. Gaps count from the window's start, or from the start of collection if
 * earlier candles are drawn, to the end of trading or `asOf` less the source's lateness.
 */
const coverageFacts = async (
  queryable: Queryable,
  { instrument, kind, covered, firstDrawn }: Collection & { readonly firstDrawn: number | null },
  context: SectionContext,
): Promise<{ gaps: readonly TimeRange[]; share: number | null }> => {
  const [first] = covered;
  if (first === undefined) return { gaps: [], share: null };
  const settledAt = instrument.resolution.kind === 'settled' ? instrument.resolution.at : null;
  const until = context.asOf - context.lateness(instrument.source);
  const end = instrument.closed ? Math.min(until, settledAt ?? instrument.closesAt ?? until) : until;
  const open = { from: Math.max(context.window.from, instrument.opensAt ?? context.window.from), to: end };
  const gaps = await gapsOf(queryable, instrument.key, kind, {
    from: Math.floor(Math.min(open.from, Math.max(first.from, firstDrawn ?? open.from))),
    to: Math.floor(end),
  });
  const missing = gaps.reduce((sum, gap) => sum + Math.max(0, Math.min(gap.to, open.to) - Math.max(gap.from, open.from)), 0);
  return { gaps, share: open.to > open.from ? 1 - missing / (open.to - open.from) : null };
};

/** Whether an open instrument has been quiet for unusually long. A closed one, or one past its announced end, does not count. */
const quietOf = async (
  queryable: Queryable,
  { instrument, kind, covered }: Collection,
  asOf: number,
): Promise<InstrumentSection['quality']['quiet']> => {
  const { closed, resolution, closesAt } = instrument;
  if (covered.length === 0 || closed || resolution.kind !== 'open' || (closesAt ?? Number.POSITIVE_INFINITY) <= asOf) return null;
  const hours = (await tickHours(queryable, instrument.key, kind)).map(({ hour }) => hour);
  const quiet = unusualQuiet({ hours, covered, asOf });
  return quiet === null ? null : { kind, ...quiet };
};

const twinQuotes = async (
  queryable: Queryable,
  instrument: StoredInstrument,
  series: readonly ReadSeries[],
  asOf: number,
): Promise<readonly TwinQuote[]> => {
  const twins = (await twinsOf(queryable, [instrument])).get(instrument.key) ?? [];
  if (twins.length === 0) return [];
  const keys = twins.map(({ key }) => key);
  const last = await lastTicks(queryable, {
    keys: [...keys, ...keys],
    kinds: [...keys.map(() => 'trade' as const), ...keys.map(() => 'price' as const)],
    until: asOf,
  });
  return await Promise.all(
    twins.map(async (twin, i) => {
      const { id, key, source } = twin;
      const seen = areReversed(instrument.outcomes, twin.outcomes) ? mirrorPrice : (price: number) => price;
      const tick = last.get(key);
      const quote = { id, source, last: tick === undefined ? null : { ...tick, price: seen(tick.price) } };
      if (i >= MAX_DRAWN_TWINS) return { ...quote, closes: [] };
      const basis = await basisTo(queryable, [instrument, twin], series, asOf);
      return { ...quote, closes: await closesOf(queryable, key, series, asOf, seen), ...(basis !== undefined && { basis }) };
    }),
  );
};

/** The basis to a twin, on the shortest shown interval with at least two bars of both markets; undefined if there is none. */
const basisTo = async (
  queryable: Queryable,
  pair: readonly [StoredInstrument, StoredInstrument],
  series: readonly ReadSeries[],
  asOf: number,
): Promise<TwinQuote['basis']> => {
  for (const { interval, candles } of series) {
    const from = (candles[0]?.openTime ?? asOf) + INTERVAL_MS[interval];
    for await (const { points } of readBasis(queryable, pair, { intervals: [interval], from, asOf }))
      if (points.length >= 2) return { interval, points };
  }
  return undefined;
};

/** A twin's closes at the times of an instrument's candles. @param seen converts a twin price to one of the instrument's first outcome */
const closesOf = async (
  queryable: Queryable,
  instrumentKey: number,
  series: readonly ReadSeries[],
  asOf: number,
  seen: (price: number) => number,
): Promise<NonNullable<TwinQuote['closes']>> => {
  const counts = await candleCounts(queryable, { instrumentKey, until: asOf });
  const priceType = counts.some((row) => row.priceType === 'trade') ? 'trade' : counts[0]?.priceType;
  if (priceType === undefined) return [];
  return await Promise.all(
    series.flatMap(({ interval, candles }) => {
      const [first] = candles;
      if (first === undefined) return [];
      const read = readCandles(queryable, { instrumentKey, priceType, interval, from: first.openTime, to: asOf });
      return [
        read.then(({ length, openTime, close }) => ({
          interval,
          points: Array.from({ length }, (_, i) => ({ time: openTime[i], price: seen(close[i]) })),
        })),
      ];
    }),
  );
};

/** Returns a stored backtest as a row of the page's table. */
export const backtestRow = (head: Pick<BacktestHead, 'strategy' | 'params' | 'interval' | 'metrics' | 'passport'>): BacktestRow => {
  const {
    lookAhead,
    sample,
    notProvable,
    spreads,
    provable: _,
    terms: __,
    calibration: ___,
    forecasts: ____,
    ...shown
  } = decodeMetrics(head.metrics);
  const passport = decodePassport(head.passport);
  const halves = sample === null ? undefined : weakHalves(sample.dailyReturns);
  return {
    strategy: head.strategy,
    params: paramsText(storedParams(head)),
    interval: head.interval,
    ...shown,
    weak: { ...shown.weak, ...(halves !== undefined && { overfitting: halves }) },
    terms: passport === null ? null : tradingTerms(passport, spreads),
    proof: lookAhead === null ? null : { changed: lookAhead.changed, decisions: lookAhead.of, notProvable },
    passport: shortPassport(passport),
  };
};
