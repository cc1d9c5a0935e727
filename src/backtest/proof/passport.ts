import { createHash, hash as hashOnce } from 'node:crypto';
import type { CandleSeries } from '../engine/candle-series.ts';
import type { Market } from '../engine/market.ts';
import type { BacktestOptions } from '../engine/options.ts';
import type { TwinSeries } from '../engine/window/twin-bars.ts';
import type { Trials } from '../metrics/deflated-sharpe.ts';
import { type Params, shippedStrategies } from '../strategies/registry.ts';
import type { Strategy } from '../strategy.ts';

/**
 * Raised whenever the same input would give other numbers than before (a rule, a formula, an order of operations).
 */
export const BACKTEST_REVISION = 8;

/** Everything a result depends on. Two results with the same `id` are the same bytes. */
export interface Passport {
  /** SHA-256 of the other fields. */
  readonly id: string;
  /** SHA-256 of the candles and of the market's facts (kind, tick, close, resolution, fees). */
  readonly data: string;
  /** {@link codeOf} */
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

/** Hex SHA-256 of a text. */
export const hashText = (text: string): string => hashOnce('sha256', text);

/** JSON as `JSON.stringify` writes it, with sorted keys: equal values give equal text. */
export const canonicalJson = (value: unknown): string => canonicalPart(value) ?? 'null';

/** undefined for what JSON leaves out of an object. */
function canonicalPart(value: unknown): string | undefined {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if ('toJSON' in value && typeof value.toJSON === 'function') return canonicalPart(value.toJSON());
  let text = '';
  for (const key of Object.keys(value).sort()) {
    const part = canonicalPart((value as Record<string, unknown>)[key]);
    if (part !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${part}`;
  }
  return `{${text}}`;
}

/**
 * Hex SHA-256 of everything that every result rests on: the candles and the market's facts; not what only a strategy that looks at its
 * situation knows ({@link hashSituation}), and not when its result became known, unless
 * no close says when it paid.
 */
export function hashData(
  candles: CandleSeries,
  { endsAt: _, earlierEnds: __, endIsClose: ___, event: ____, book: _____, ...market }: Market,
): string {
  const { resolution, closesAt } = market;
  const paid = resolution.kind === 'settled' && closesAt !== null ? { kind: resolution.kind, payout: resolution.payout } : resolution;
  return hashText(canonicalJson({ candles: hashCandles(candles), market: { ...market, resolution: paid } }));
}

/** {@link hashData} of a result that rests on the announced end and the book, too. */
export const hashSituation = (data: string, { endsAt, earlierEnds, book }: Market): string =>
  hashText(canonicalJson({ data, endsAt, ...(earlierEnds !== undefined && { earlierEnds }), book }));

/** {@link hashData} of a result that rests on the market's twin, too. */
export const hashTwin = (data: string, { id, candles, barMs }: TwinSeries): string =>
  hashText(canonicalJson({ data, twin: { id, candles: hashCandles(candles), barMs } }));

/**
 * The code that decides and computes: the engine's revision, V8's version (its Math differs in last digits from one to the next)
 * and, for a strategy that is not shipped, a hash of what was loaded and read for its module, or of its version and the text of `create`
 * where a program defines it.
 */
export function codeOf(strategy: Strategy): string {
  const { v8 } = process.versions;
  if (shippedStrategies.includes(strategy)) return `engine-${BACKTEST_REVISION}+v8-${v8}`;
  // only its text is read
  // oxlint-disable-next-line typescript/unbound-method
  const own = strategy.codeHash ?? hashText(`${strategy.version ?? ''} ${String(strategy.create)}`);
  return `engine-${BACKTEST_REVISION}+${hashText(`${v8} ${own}`).slice(0, 16)}`;
}

/** Why the passport does not cover all of a strategy's code; undefined where it does. */
export function codeGap(strategy: Strategy): string | undefined {
  if (shippedStrategies.includes(strategy)) return undefined;
  if (strategy.codeHash !== undefined) return strategy.codeGap;
  if (strategy.version !== undefined) return undefined;
  return `the passport does not see what create of '${strategy.name}' uses from outside itself; give the strategy a version, and change it with the code`;
}

/** Options as text: all trials of a grid share them. */
const optionsTexts = new WeakMap<BacktestOptions, string>();

/** How a backtest trades, as text that is equal for equal terms; the proof apart. */
export function optionsText(given: BacktestOptions): string {
  const known = optionsTexts.get(given);
  if (known !== undefined) return known;
  const { proofCuts: _, seed: __, ...options } = given;
  const text = canonicalJson(options);
  optionsTexts.set(given, text);
  return text;
}

/**
 * Seals what a backtest depends on.
 *
 * @param parts.data {@link hashData}
 * @param parts.trials how many it was judged beside
 */
export function passportOf(parts: {
  readonly data: string;
  readonly strategy: Strategy;
  readonly params: Params;
  readonly options: BacktestOptions;
  readonly trials: Trials;
}): Passport {
  const { data, strategy, params, options, trials } = parts;
  const { seed, proofCuts } = options;
  const code = codeOf(strategy);
  const how = `"options":${optionsText(options)},"params":${canonicalJson(params)},"proofCuts":${proofCuts}`;
  const settings = `{${how},"strategy":${JSON.stringify(strategy.name)},"trials":${canonicalJson(trials)}}`;
  return { id: hashText(`${data}\n${code}\n${settings}\n${seed}`), data, code, settings, seed };
}
