import { z } from 'zod';
import type { CandleSeries } from '../engine/candle-series.ts';
import type { BacktestOptions } from '../engine/options.ts';
import type { SpreadCounts } from '../engine/trading/half-spread.ts';
import type { Passport } from '../proof/passport.ts';
import { type Params, paramNames, strategyByName } from '../strategies/registry.ts';
import { type Fields, listOf, wholeOrNull } from './fields.ts';

/** Encodes the `passport` column of a result. */
export const encodePassport = (
  { openTime, length }: Pick<CandleSeries, 'openTime' | 'length'>,
  passport: Passport,
  { params, ...about }: Pick<StoredPassport, 'basis' | 'leftOut' | 'twin'> & { readonly params: Params },
): Fields => ({
  ...passport,
  ...about,
  params: encodeOrder(params),
  bars: length,
  from: openTime[0],
  to: openTime[length - 1],
});

const passportColumn = wholeOrNull({
  id: z.string(),
  data: z.string(),
  code: z.string(),
  settings: z.string(),
  seed: z.number(),
  /** Hash of all inputs of the result; computed before the candles are read. */
  basis: z.string(),
  bars: z.number(),
  from: z.number(),
  to: z.number(),
  /** Number of bars before `from` that were left out because of the limit on trials × bars. */
  leftOut: z.number().default(0),
  /** Id of the market's twin that the strategy read; null if it read none. */
  twin: z.string().nullable().default(null),
});

/** A stored passport with the range of bars that it covers; times are UTC epoch milliseconds. */
export type StoredPassport = NonNullable<z.infer<typeof passportColumn>>;

/** Reads a `passport` column; null if it holds no passport. */
export const decodePassport = (column: Fields): StoredPassport | null => passportColumn.parse(column);

/** First characters of a passport's id, enough to distinguish two passports. */
export const shortPassport = (passport: Pick<Passport, 'id'> | null): string | null => passport?.id.slice(0, 16) ?? null;

/** Names of a result's parameters in the order in which the strategy declares them. A database does not keep the order of JSON keys. */
export const encodeOrder = (params: Params): readonly string[] => Object.keys(params);

/** Orders parameters as their strategy declares them. @param stored names as written by {@link encodeOrder} */
export function orderedParams(strategy: string, params: Params, stored: readonly string[] = []): Params {
  const shipped = strategyByName(strategy);
  const names = stored.length > 0 || shipped === undefined ? stored : paramNames(shipped);
  const known = names.filter((name) => Object.hasOwn(params, name));
  const others = Object.keys(params).filter((name) => !known.includes(name));
  return Object.fromEntries([...known, ...others].map((name) => [name, params[name]]));
}

/** Parameters of a stored backtest in the order in which the strategy declares them. */
export const storedParams = (stored: { readonly strategy: string; readonly params: Params; readonly passport: Fields }): Params =>
  orderedParams(stored.strategy, stored.params, paramOrder.parse(stored.passport['params']));

const paramOrder = listOf(z.string());

/** Describes the options and the bars of a stored backtest in words; null if its passport does not contain them. */
export function tradingTerms({ settings, bars, from, to, leftOut, twin }: StoredPassport, spreads: SpreadCounts = {}): string | null {
  const options = optionsIn(settings);
  if (options === undefined) return null;
  const { cash, sizing, side, spread, halfSpread, slippageTicks, maxVolumeShare } = options;
  const sizes = {
    all: 'all cash',
    fraction: sizing.kind === 'fraction' ? `${sizing.fraction * 100} % of the cash` : '',
    fixed: sizing.kind === 'fixed' ? `${sizing.units} units` : '',
  };
  const parts = [
    `cash ${cash}`,
    `${sizes[sizing.kind]} in each entry`,
    side === 'both' ? 'long and short' : 'long only',
    spreadInWords(halfSpread, spreads),
    ...(spread > 0 ? [`spread ${spread} on entries`] : []),
    ...(slippageTicks > 0 ? [`slippage of ${slippageTicks} ticks`] : []),
    maxVolumeShare === null ? 'no volume cap' : `at most ${maxVolumeShare * 100} % of a bar’s volume`,
    `${bars} bars from ${day(from)} to ${day(to)}`,
    ...(leftOut > 0 ? [`${leftOut} older bars left out: too many for this number of trials`] : []),
    ...(twin === null ? [] : [`looks at the twin ${twin}`]),
  ];
  return parts.join(', ');
}

function spreadInWords(halfSpread: BacktestOptions['halfSpread'], { recorded, default: usual, unknown }: SpreadCounts): string {
  if (halfSpread === 0) return 'no spread known or requested';
  if (halfSpread !== 'recorded') return `half-spread ${halfSpread} on every fill`;
  const counts = [
    ...(recorded === undefined ? [] : [`of the order book of its time on ${recorded} fills`]),
    ...(usual === undefined ? [] : [`of markets of its price and trading on ${usual} fills, for which no book was recorded`]),
    ...(unknown === undefined ? [] : [`unknown and taken as 0 on ${unknown} fills`]),
  ];
  return `half the spread ${counts.length === 0 ? 'of the order book of its time, or of markets of its price and trading' : counts.join(' and ')}`;
}

const day = (time: number): string => new Date(time).toISOString().slice(0, 10);

function optionsIn(settings: string): BacktestOptions | undefined {
  try {
    const { options } = JSON.parse(settings) as { options?: BacktestOptions };
    return options?.sizing === undefined || options.halfSpread === undefined ? undefined : options;
  } catch {
    // the settings were not written by this engine, so the terms are unknown
    return undefined;
  }
}
