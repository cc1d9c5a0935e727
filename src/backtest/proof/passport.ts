import { createHash, hash as hashOnce } from 'node:crypto';
import type { CandleSeries } from '../engine/candle-series.ts';
import type { Market } from '../engine/market.ts';
import type { BacktestOptions } from '../engine/options.ts';
import type { TwinSeries } from '../engine/window/twin-bars.ts';
import type { Trials } from '../metrics/ratios.ts';
import { type Params, shippedStrategies } from '../strategies/registry.ts';
import type { Strategy } from '../strategy.ts';

/** Revision of the engine. Increase it with every change after which the same input gives different numbers. */
export const BACKTEST_REVISION = 10;

/** Everything that a result depends on. Two results with the same `id` are identical to the byte. */
export interface Passport {
  /** SHA-256 of the passport's other fields. */
  readonly id: string;
  /** SHA-256 of the candles and of the market's facts (kind, tick, close, resolution, fees). */
  readonly data: string;
  /** The code that computed the result, see {@link codeOf}. */
  readonly code: string;
  /** Strategy, parameters, options and trials as JSON text. */
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

/** A value as canonical JSON; undefined for values that JSON leaves out of an object. */
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
 * Hex SHA-256 of the data that every result depends on: candles and the market's facts, except those of {@link hashSituation}. The time at
 * which the result became known counts only if the market has no close.
 */
export function hashData(
  candles: CandleSeries,
  { endsAt: _, earlierEnds: __, endIsClose: ___, event: ____, books: _____, ...market }: Market,
): string {
  const { resolution, closesAt } = market;
  const paid = resolution.kind === 'settled' && closesAt !== null ? { kind: resolution.kind, payout: resolution.payout } : resolution;
  return hashText(canonicalJson({ candles: hashCandles(candles), market: { ...market, resolution: paid } }));
}

/** Hex SHA-256 of the data of a result that also depends on the order books, and on the announced ends if the strategy `looked`. */
export const hashSituation = (data: string, { endsAt, earlierEnds, books }: Market, looked: boolean): string =>
  hashText(canonicalJson({ data, books, ...(looked && { endsAt, ...(earlierEnds !== undefined && { earlierEnds }) }) }));

/** Hex SHA-256 of the data of a result that also depends on the market's twin. */
export const hashTwin = (data: string, { id, candles, barMs }: TwinSeries): string =>
  hashText(canonicalJson({ data, twin: { id, candles: hashCandles(candles), barMs } }));

/**
 * Identifies the code that decides and computes: the engine's revision, V8's version (the last digits of Math functions differ between
 * versions) and, for a strategy that is not shipped, a hash: of everything loaded and read for a plugin's module, or of the version and the
 * text of `create` of a strategy that a program defines.
 */
export function codeOf(strategy: Strategy): string {
  const { v8 } = process.versions;
  if (shippedStrategies.includes(strategy)) return `engine-${BACKTEST_REVISION}+v8-${v8}`;
  // only the function's text is read
  // oxlint-disable-next-line typescript/unbound-method
  const own = strategy.codeHash ?? hashText(`${strategy.version ?? ''} ${String(strategy.create)}`);
  return `engine-${BACKTEST_REVISION}+${hashText(`${v8} ${own}`).slice(0, 16)}`;
}

/** The reason why the passport does not cover all of a strategy's code; undefined if it does. */
export function codeGap(strategy: Strategy): string | undefined {
  if (shippedStrategies.includes(strategy)) return undefined;
  if (strategy.codeHash !== undefined) return strategy.codeGap;
  if (strategy.version !== undefined) return undefined;
  return `the passport does not see what create of '${strategy.name}' uses from outside itself; give the strategy a version, and change it with the code`;
}

/** The reason why the proof cannot see what a strategy remembers; undefined for plugins, whose modules are loaded again for each series. */
export function memoryGap(strategy: Strategy): string | undefined {
  if (shippedStrategies.includes(strategy) || strategy.codeHash !== undefined) return undefined;
  return `'${strategy.name}' is defined in a program, where it may remember an earlier backtest or hold answers that no re-run can see; load it as a plugin to have it proved`;
}

/** The reason why a proof misses what a strategy remembers if it has seen the whole series and then starts again in each part of it. */
export const seriesMemoryGap = ({ name }: Strategy): string =>
  `'${name}' starts again in each part of the series after it has seen the whole of it, and no re-run can see what it remembers`;

/** Cache of options as text, since all trials of a grid share their options. */
const optionsTexts = new WeakMap<BacktestOptions, string>();

/** A backtest's options, without those of the look-ahead proof, as text that is equal for equal options. */
export function optionsText(given: BacktestOptions): string {
  const known = optionsTexts.get(given);
  if (known !== undefined) return known;
  const { proofCuts: _, seed: __, ...options } = given;
  const text = canonicalJson(options);
  optionsTexts.set(given, text);
  return text;
}

/** Creates a passport. @param parts.data see {@link hashData} @param parts.trials the trials that the result was judged with */
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
