import type { CandleSeries } from '../engine/candle-series.ts';
import type { BacktestOptions } from '../engine/options.ts';
import type { Passport } from '../proof/passport.ts';
import { type Params, paramNames, strategyByName } from '../strategies/registry.ts';
import { type Fields, listOf, numberOf, textOf } from './fields.ts';

/** A stored passport with the range of bars that it covers; times are UTC epoch milliseconds. */
export interface StoredPassport extends Passport {
  /** Hash of all inputs of the result, which is known without reading the candles; null if not stored. */
  readonly basis: string | null;
  readonly bars: number;
  readonly from: number;
  readonly to: number;
  /** Number of bars before `from` that were left out because of the limit on trials × bars. */
  readonly leftOut: number;
  /** Id of the market's twin that the strategy read; null if it read none. */
  readonly twin: string | null;
}

/** Encodes the `passport` column of a result. */
export const encodePassport = (
  { openTime, length }: Pick<CandleSeries, 'openTime' | 'length'>,
  passport: Passport,
  {
    basis,
    leftOut,
    params,
    twin,
  }: { readonly basis: string; readonly leftOut: number; readonly params: Params; readonly twin: string | null },
): Fields => ({
  ...passport,
  basis,
  params: encodeOrder(params),
  ...(twin !== null && { twin }),
  ...(leftOut > 0 && { leftOut }),
  bars: length,
  from: openTime[0],
  to: openTime[length - 1],
});

/** Reads a `passport` column; null if it holds no passport. */
export function decodePassport(column: Fields): StoredPassport | null {
  const [id, data, code, settings] = (['id', 'data', 'code', 'settings'] as const).map((name) => textOf(column[name]));
  const [seed, bars, from, to] = (['seed', 'bars', 'from', 'to'] as const).map((name) => numberOf(column[name]));
  if (id === null || data === null || code === null || settings === null) return null;
  const place = {
    basis: textOf(column['basis']),
    bars: bars ?? 0,
    from: from ?? 0,
    to: to ?? 0,
    leftOut: numberOf(column['leftOut']) ?? 0,
    twin: textOf(column['twin']),
  };
  return { id, data, code, settings, seed: seed ?? 0, ...place };
}

/** First characters of a passport's id, enough to distinguish two passports. */
export const shortPassport = (passport: Passport | null): string | null => passport?.id.slice(0, 16) ?? null;

/** Names of a result's parameters in the order in which the strategy declares them. A database does not keep the order of JSON keys. */
export const encodeOrder = (params: Params): readonly string[] => Object.keys(params);

/**
 * Orders parameters as their strategy declares them.
 *
 * @param order as written by {@link encodeOrder}; without it a shipped strategy's parameters have its order, all others their own
 */
export function orderedParams(strategy: string, params: Params, order?: Fields[string]): Params {
  const stored = listOf(order).filter((name): name is string => typeof name === 'string');
  const shipped = strategyByName(strategy);
  const names = stored.length > 0 || shipped === undefined ? stored : paramNames(shipped);
  const known = names.filter((name) => Object.hasOwn(params, name));
  const others = Object.keys(params).filter((name) => !known.includes(name));
  return Object.fromEntries([...known, ...others].map((name) => [name, params[name]]));
}

/** Parameters of a stored backtest in the order in which the strategy declares them. */
export const storedParams = ({
  strategy,
  params,
  passport,
}: {
  readonly strategy: string;
  readonly params: Params;
  readonly passport: Fields;
}): Params => orderedParams(strategy, params, passport['params']);

/** Describes the options and the bars of a stored backtest in words; null if its passport does not contain them. */
export function tradingTerms({ settings, bars, from, to, leftOut, twin }: StoredPassport): string | null {
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
    halfSpread === 0 ? 'no spread known or requested' : `half-spread ${halfSpread} on every fill`,
    ...(spread > 0 ? [`spread ${spread} on entries`] : []),
    ...(slippageTicks > 0 ? [`slippage of ${slippageTicks} ticks`] : []),
    maxVolumeShare === null ? 'no volume cap' : `at most ${maxVolumeShare * 100} % of a bar’s volume`,
    `${bars} bars from ${day(from)} to ${day(to)}`,
    ...(leftOut > 0 ? [`${leftOut} older bars left out: too many for this number of trials`] : []),
    ...(twin === null ? [] : [`looks at the twin ${twin}`]),
  ];
  return parts.join(', ');
}

const day = (time: number): string => new Date(time).toISOString().slice(0, 10);

function optionsIn(settings: string): BacktestOptions | undefined {
  try {
    const { options } = JSON.parse(settings) as { options?: BacktestOptions };
    return options?.sizing === undefined || options.halfSpread === undefined ? undefined : options;
  } catch {
    // not written by this engine: the terms are unknown
    return undefined;
  }
}
