import { createHash } from 'node:crypto';
import type { CandleSeries } from '../engine/candle-series.ts';
import type { Market } from '../engine/market.ts';

/**
 * Raised whenever the same input would give other numbers than before (a rule, a formula, an order of operations).
 */
export const BACKTEST_REVISION = 2;

/** Everything a result depends on. Two results with the same `id` are the same bytes. */
export interface Passport {
  /** SHA-256 of the other fields. */
  readonly id: string;
  /** SHA-256 of the candles and of the market's facts (kind, tick, close, resolution, fees). */
  readonly data: string;
  /** Version of the engine; for strategies from plugins also a hash of their source text. */
  readonly code: string;
  /** Strategy, parameters and options. */
  readonly settings: string;
  readonly seed: number;
}

/** Hex SHA-256 of a series: its length, then its columns as little-endian doubles. */
function hashCandles(candles: CandleSeries): string {
  const hash = createHash('sha256').update(`${candles.length};`);
  for (const column of ['openTime', 'open', 'high', 'low', 'close', 'volume'] as const) {
    const values = candles[column];
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest('hex');
}

const hashText = (text: string): string => createHash('sha256').update(text).digest('hex');

/** JSON with sorted keys: equal values give equal text. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/** Hex SHA-256 of everything that was given: the candles and the market's facts. */
export const hashData = (candles: CandleSeries, market: Market): string =>
  hashText(canonicalJson({ candles: hashCandles(candles), market }));

/** Seals what a backtest depends on. `data` is {@link hashData}; `source` the text of a strategy that is not shipped. */
export function passportOf(parts: { data: string; settings: unknown; seed: number; source?: string }): Passport {
  const { data, seed } = parts;
  const code = `engine-${BACKTEST_REVISION}${parts.source === undefined ? '' : `+${hashText(parts.source).slice(0, 16)}`}`;
  const settings = canonicalJson(parts.settings);
  return { id: hashText(`${data}\n${code}\n${settings}\n${seed}`), data, code, settings, seed };
}
