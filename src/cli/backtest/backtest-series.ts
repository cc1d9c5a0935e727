import path from 'node:path';
import { z } from 'zod';
import { optionsOn } from '../../activities/stages/backtest/backtest-trials.ts';
import { mayLookAtTwins, readTwin, standingTwins } from '../../activities/stages/backtest/twin-series.ts';
import { type BacktestData, backtestData, type TwinInput } from '../../backtest/engine/backtest-data.ts';
import { instrumentAsOf, marketOf, plainMarket } from '../../backtest/engine/market.ts';
import type { BacktestOptions } from '../../backtest/engine/options.ts';
import { optionsFor, type Trial } from '../../backtest/run-backtest.ts';
import { ownFactsProblems, ownFactsShape } from '../../contracts/own-facts.ts';
import { DEFAULT_BACKTEST } from '../../contracts/run/backtest-settings.ts';
import { didYouMean } from '../../contracts/text/nearest-name.ts';
import { INTERVAL_MS, INTERVALS, type Interval, MARKET_KINDS, SOURCE_TYPES } from '../../contracts/words.ts';
import { readCandleFile } from '../../files/read/read-candle-file.ts';
import { backtestSeries } from '../../storage/backtests/backtest-series.ts';
import { readCandles } from '../../storage/candles/candles.ts';
import { symbolsByName } from '../../storage/markets/catalogue.ts';
import { instrumentsOf } from '../../storage/markets/instruments.ts';
import { type MarketFactFlags, marketFacts } from '../options/market-facts.ts';
import { isInline, jsonList } from '../options/read-text.ts';
import { usageError } from '../terminal/exit.ts';
import { useStoredData } from '../terminal/session.ts';

/** A market's candles, and how they are traded. */
export interface TradedSeries {
  /** A file, or an instrument's id. */
  readonly name: string;
  readonly data: BacktestData;
  readonly options: BacktestOptions;
}

/** What is stored of a symbol. */
export interface StoredFlags extends MarketFactFlags {
  readonly symbol?: string;
  readonly interval?: string;
  readonly instrument?: string;
}

/** @throws ExitError 2 when it is none */
function intervalIn({ interval }: StoredFlags): Interval | undefined {
  const found = INTERVALS.find((known) => known === interval);
  if (found === undefined && interval !== undefined) throw usageError(`--interval ${interval}: write one of ${INTERVALS.join(' ')}`);
  return found;
}

/** How long the bars of files last, where that is said; milliseconds. @throws ExitError 2 when the interval is none */
export function barsOf(flags: StoredFlags): number | undefined {
  const interval = intervalIn(flags);
  return interval === undefined ? undefined : INTERVAL_MS[interval];
}

/**
 * The markets of a symbol, with the facts that are stored of them, as a run's stage would trade them now; flags that say otherwise hold.
 *
 * @throws ExitError 2 when there is no such symbol, instrument or interval, or nothing to trade on
 */
export async function storedSeries(
  flags: StoredFlags,
  own: Partial<BacktestOptions>,
  trials: readonly Trial[],
): Promise<readonly TradedSeries[]> {
  const symbol = flags.symbol as string;
  if (Object.keys(marketFacts(flags)).length > 0)
    throw usageError(
      '--settle, --close, --fee, --fee-model, --fee-exponent and --tick are for candle files; what is stored of a market has its own',
    );
  const interval = intervalIn(flags);
  if (interval === undefined) throw usageError(`--symbol needs --interval: write one of ${INTERVALS.join(' ')}`);
  return await useStoredData(async (database) => {
    const now = Date.now();
    const all = await instrumentsOf(database, symbol, SOURCE_TYPES);
    if (all.length === 0 && !(await symbolsByName(database, [symbol])).has(symbol))
      throw usageError(`there is no symbol ${symbol}; \`predictlab symbols list\` shows what there is`);
    const instruments = all.filter(({ id }) => flags.instrument === undefined || id === flags.instrument);
    if (flags.instrument !== undefined && instruments.length === 0)
      throw usageError(
        `${symbol} has no instrument ${flags.instrument}${didYouMean(
          flags.instrument,
          all.map(({ id }) => id),
        )}`,
      );
    const filter = {
      open: instruments.map(({ key }) => key),
      closed: [],
      intervals: [interval],
      from: Number.NEGATIVE_INFINITY,
      closedSince: 0,
      to: now,
    };
    const series: TradedSeries[] = [];
    const twinOf = mayLookAtTwins(trials) ? await standingTwins(database, instruments, filter) : () => null;
    for (const { instrumentKey, priceType } of await backtestSeries(database, filter)) {
      const stored = instruments.find(({ key }) => key === instrumentKey) as (typeof instruments)[number];
      const instrument = instrumentAsOf(stored, now);
      const market = marketOf(instrument);
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
      series.push({ name: stored.id, data, options: optionsFor(market, { ...optionsOn(DEFAULT_BACKTEST, instrument), ...own }) });
    }
    if (series.length > 0) return series;
    throw usageError(
      `${flags.instrument ?? symbol} has no two complete candles of ${interval}; \`predictlab run --symbols ${symbol} --until kline --intervals ${interval}\` builds them`,
    );
  });
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
 * Candle files with their facts: a JSON list, or the file of one, whose paths start where it lies.
 *
 * @throws ExitError 2 that names the entry
 */
export async function listedSeries(text: string, own: Partial<BacktestOptions>, barMs?: number): Promise<readonly TradedSeries[]> {
  const json = await jsonList('--portfolio', text);
  const parsed = listSchema.safeParse(json);
  if (!parsed.success || parsed.data.length === 0) {
    const [issue] = parsed.success ? [] : parsed.error.issues;
    const where = issue === undefined || issue.path.length === 0 ? '' : `, at ${issue.path.join('.')}: ${issue.message}`;
    throw usageError(
      `--portfolio${where}; write a list such as [{"candles": "rain.csv", "resolution": 1, "closesAt": "2026-07-10T00:00:00Z"}]`,
    );
  }
  const base = isInline(text) ? '' : path.dirname(text);
  const series: TradedSeries[] = [];
  for (const [index, { candles: file, market: given, twin: other, ...facts }] of parsed.data.entries()) {
    const kind = given ?? (facts.resolution === undefined ? 'asset' : 'probability');
    const [problem] = ownFactsProblems(facts, kind);
    if (problem !== undefined) throw usageError(`--portfolio, at ${index}.${problem.field}: ${problem.message}`);
    const end = facts.closesAt === undefined ? null : Date.parse(facts.closesAt);
    const market = {
      ...plainMarket(kind, facts.fees),
      closesAt: end,
      endsAt: end,
      tickSize: facts.tick ?? null,
      resolution:
        facts.resolution === undefined ? ({ kind: 'open' } as const) : ({ kind: 'settled', payout: facts.resolution, at: null } as const),
    };
    const { candles, whereOf } = await readCandleFile(path.resolve(base, file));
    const twin = other === undefined ? null : await twinFile(path.resolve(base, other), other);
    const data = backtestData(candles, market, { names: { series: file, whereOf }, barMs, twin });
    series.push({ name: file, data, options: optionsFor(market, own) });
  }
  return series;
}

/**
 * The candles of the same question elsewhere. How long its bars last is told by their smallest step alone: taken for shorter than they
 * are, they would be known before their time is over.
 *
 * @param name in the reader's words
 * @throws PredictLabError BadInput when it cannot be read
 */
export async function twinFile(file: string, name = file): Promise<TwinInput> {
  const { candles, whereOf } = await readCandleFile(file);
  return { id: name, candles, names: { series: `the twin ${name}`, whereOf: (bar) => `the twin ${whereOf(bar)}` } };
}
