import path from 'node:path';
import { z } from 'zod';
import { optionsOn } from '../../activities/stages/backtest/backtest-trials.ts';
import { mayLookAtTwins, readTwin, standingTwins } from '../../activities/stages/backtest/twin-series.ts';
import { type BacktestData, backtestData, type TwinInput } from '../../backtest/engine/backtest-data.ts';
import { instrumentAsOf, marketOf, marketOfFacts } from '../../backtest/engine/market.ts';
import type { BacktestOptions } from '../../backtest/engine/options.ts';
import { optionsFor, type Trial } from '../../backtest/run-backtest.ts';
import { type OwnFacts, ownFactsProblems, ownFactsShape } from '../../contracts/own-facts.ts';
import { DEFAULT_BACKTEST } from '../../contracts/run/backtest-settings.ts';
import { didYouMean } from '../../contracts/text/nearest-name.ts';
import { INTERVAL_MS, INTERVALS, type Interval, MARKET_KINDS, type MarketKind } from '../../contracts/words.ts';
import { readCandleFile } from '../../files/read/read-series-file.ts';
import { likelyMarket } from '../../files/read/read-tick-file.ts';
import { backtestSeries } from '../../storage/backtests/backtest-series.ts';
import { readCandles } from '../../storage/candles/candles.ts';
import { symbolsByName } from '../../storage/markets/catalogue.ts';
import { instrumentsOf, keysOf, orderBooks } from '../../storage/markets/instruments.ts';
import { checkMarketFacts, type MarketFactFlags, marketFacts } from '../options/market-facts.ts';
import { isInline, jsonList } from '../options/read-text.ts';
import { usageError } from '../terminal/print.ts';
import { useStoredData } from '../terminal/session.ts';

export interface TradedSeries {
  /** Name of the series: its file, or the instrument's id. */
  readonly name: string;
  readonly data: BacktestData;
  readonly options: BacktestOptions;
}

/** A series with its own trials, for which plugins were loaded again, so that they remember nothing of another series. */
export interface TriedSeries extends TradedSeries {
  readonly trials: readonly Trial[];
}

/** The options that name candles: a file with the facts about its market, or a symbol whose candles are stored. */
export interface SeriesFlags extends MarketFactFlags {
  readonly candles?: string;
  readonly twin?: string;
  readonly market?: MarketKind;
  readonly symbol?: string;
  readonly interval?: Interval;
  readonly instrument?: string;
}

/**
 * The markets of a symbol with their stored facts, traded as a run's backtest stage trades them now, except where options say otherwise.
 * @throws ExitError 2 when there is no such symbol, instrument or interval, or too few candles
 */
export async function storedSeries(
  flags: SeriesFlags,
  own: Partial<BacktestOptions>,
  trials: readonly Trial[],
): Promise<readonly TradedSeries[]> {
  const { interval } = flags;
  const symbol = flags.symbol as string;
  if (interval === undefined) throw usageError(`a stored symbol needs --interval: write one of ${INTERVALS.join(', ')}`);
  return await useStoredData(async (database) => {
    const now = Date.now();
    const all = await instrumentsOf(database, symbol);
    if (all.length === 0 && !(await symbolsByName(database, [symbol])).has(symbol))
      throw usageError(`there is no symbol ${symbol}; \`predictlab symbols list\` shows what there is`);
    const instruments = all.filter(({ id }) => flags.instrument === undefined || id === flags.instrument);
    const ids = all.map(({ id }) => id);
    if (flags.instrument !== undefined && instruments.length === 0)
      throw usageError(`${symbol} has no instrument ${flags.instrument}${didYouMean(flags.instrument, ids)}`);
    const filter = {
      open: instruments.map(({ key }) => key),
      closed: [],
      intervals: [interval],
      from: Number.NEGATIVE_INFINITY,
      closedSince: 0,
      to: now,
    };
    const series: TradedSeries[] = [];
    const looks = await orderBooks(database, keysOf(instruments), now);
    const twinOf = mayLookAtTwins(trials) ? await standingTwins(database, instruments, filter) : () => null;
    for (const { instrumentKey, priceType } of await backtestSeries(database, filter)) {
      const stored = instruments.find(({ key }) => key === instrumentKey) as (typeof instruments)[number];
      const instrument = instrumentAsOf(stored, now);
      const market = marketOf(instrument, looks.get(instrumentKey));
      const to = now - INTERVAL_MS[interval] + 1;
      const candles = await readCandles(database, { instrumentKey, priceType, interval, to, completeOnly: true });
      const standing = twinOf(stored, interval);
      const twin = standing === null ? null : await readTwin(database, standing, filter);
      const whereOf = (bar: number): string => `${stored.id} ${interval}, ${new Date(candles.openTime[bar]).toISOString()}`;
      const data = backtestData(candles, market, {
        names: { series: `${stored.id} ${interval}`, whereOf },
        barMs: INTERVAL_MS[interval],
        twin,
      });
      const options = optionsFor(market, { ...optionsOn(DEFAULT_BACKTEST, instrument), ...own });
      series.push({ name: stored.id, data, options });
    }
    if (series.length > 0) return series;
    throw usageError(
      `${flags.instrument ?? symbol} has no two complete candles of ${interval}; \`predictlab run --symbols ${symbol} --until kline --intervals ${interval}\` builds them`,
    );
  });
}

/**
 * The candles of a file, as a market with the facts that the options state.
 * @throws ExitError 2 when an option is wrong, PredictLabError BadInput when the file is
 */
export async function fileSeries(flags: SeriesFlags, own: Partial<BacktestOptions>): Promise<TradedSeries> {
  const { candles: file = '', twin, market, interval } = flags;
  const facts = marketFacts(flags);
  return await seriesOf({ name: file, twin, market, facts, interval, own, check: (kind) => checkMarketFacts(facts, kind) });
}

interface FileOfSeries {
  /** The file's name as it was given, relative to `folder`. */
  readonly name: string;
  readonly folder?: string;
  readonly twin?: string | undefined;
  readonly market: MarketKind | undefined;
  readonly facts: OwnFacts;
  readonly interval: Interval | undefined;
  readonly own: Partial<BacktestOptions>;
  /** Throws an error if the facts do not fit the kind of market. */
  readonly check: (kind: MarketKind) => void;
}

async function seriesOf({
  name,
  folder = '',
  twin: other,
  market: given,
  facts,
  interval,
  own,
  check,
}: FileOfSeries): Promise<TradedSeries> {
  // Checked before the file is read, because a wrong option can be reported at once.
  if (given !== undefined || facts.resolution !== undefined) check(given ?? 'probability');
  const placeOf = (file: string): string => (folder === '' ? file : path.resolve(folder, file));
  const { candles, whereOf } = await readCandleFile(placeOf(name));
  // The market is a probability if its payout is given; otherwise its kind is guessed from the prices.
  const kind =
    given ?? (facts.resolution === undefined ? likelyMarket(name, [...candles.close.subarray(0, 200)]) : ('probability' as const));
  check(kind);
  const time = (text: string | undefined): number | undefined => (text === undefined ? undefined : Date.parse(text));
  const [closesAt, endsAt, closedAt] = [facts.closesAt, facts.endsAt, facts.closedAt].map(time);
  const market = marketOfFacts(kind, { ...facts, closesAt, endsAt, closedAt });
  const twin = other === undefined ? null : await twinFile(placeOf(other), other);
  const barMs = interval && INTERVAL_MS[interval];
  const data = backtestData(candles, market, { names: { series: name, whereOf }, barMs, twin });
  // The defaults of a run's backtest stage; without an order book, the half-spread is that of similar markets.
  const options = optionsFor(market, { ...optionsOn(DEFAULT_BACKTEST, market), ...own });
  return { name, data, options };
}

const listSchema = z.array(
  z.strictObject({
    candles: z.string('write the path of a candle file').min(1, 'write the path of a candle file'),
    market: z.enum(MARKET_KINDS).optional(),
    twin: z.string('write the path of a candle file').min(1, 'write the path of a candle file').optional(),
    ...ownFactsShape,
  }),
);

/**
 * Candle files with their facts, from a JSON list or a file with one. Relative paths in a file start at its folder.
 * @throws ExitError 2 that names the entry
 */
export async function listedSeries(text: string, own: Partial<BacktestOptions>, interval?: Interval): Promise<readonly TradedSeries[]> {
  const parsed = listSchema.safeParse(await jsonList('backtest portfolio', text));
  if (!parsed.success || parsed.data.length === 0) {
    const [issue] = parsed.success ? [] : parsed.error.issues;
    const where = issue === undefined || issue.path.length === 0 ? '' : `, at ${issue.path.join('.')}: ${issue.message}`;
    throw usageError(
      `backtest portfolio${where}; write a list such as [{"candles": "rain.csv", "resolution": 1, "closesAt": "2026-07-10T00:00:00Z"}]`,
    );
  }
  const folder = isInline(text) ? '' : path.dirname(text);
  const series: TradedSeries[] = [];
  for (const [index, { candles: name, market, twin, ...facts }] of parsed.data.entries()) {
    const check = (kind: MarketKind): void => {
      const [problem] = ownFactsProblems(facts, kind);
      if (problem !== undefined) throw usageError(`backtest portfolio, at ${index}.${problem.field}: ${problem.message}`);
    };
    series.push(await seriesOf({ name, folder, twin, market, facts, interval, own, check }));
  }
  return series;
}

/**
 * Reads the candles of the same question at another venue. The length of the bars is derived from their open times: too short a length
 * would reveal bars before they close.
 * @param name the file's name in errors
 * @throws PredictLabError BadInput when it cannot be read
 */
async function twinFile(file: string, name: string): Promise<TwinInput> {
  const { candles, whereOf } = await readCandleFile(file);
  return { id: name, candles, names: { series: `the twin ${name}`, whereOf: (bar) => `the twin ${whereOf(bar)}` } };
}
