import type { CandleSeries } from '../engine/candle-series.ts';
import type { Passport } from '../proof/passport.ts';
import type { Params } from '../strategies/registry.ts';
import { type Fields, numberOf, textOf } from './fields.ts';
import { encodeOrder } from './params-order.ts';

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
