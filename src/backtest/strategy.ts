import type { z } from 'zod';
import type { MarketKind } from '../contracts/words.ts';
import type { Reading } from './indicators/reading.ts';
import type { IndicatorName, IndicatorParams, IndicatorReadings } from './indicators/registry.ts';

/**
 * What a strategy wants to hold from the next bar's open on: `hold` changes nothing, `flat` closes whatever is held.
 * With `--side long`, `short` closes too.
 */
export type Signal = 'hold' | 'long' | 'short' | 'flat';

/**
 * The market as it is known at the close of the present bar. There is no way to name a later bar: `back` counts backwards,
 * and anything else reads as NaN.
 */
export interface BarsSoFar {
  /** Index of the present bar, 0 = the first. */
  readonly index: number;
  readonly market: MarketKind;
  /** Smallest price step, where the venue names one. */
  readonly tickSize: number | null;
  /** Open time, UTC epoch milliseconds. */
  time(back?: number): number;
  open(back?: number): number;
  high(back?: number): number;
  low(back?: number): number;
  close(back?: number): number;
  /** NaN where ticks have no size. */
  volume(back?: number): number;
  /** A shipped indicator; values of bar i depend on bars up to i only. Call it in `create`, once. */
  indicator<Name extends IndicatorName>(name: Name, params: IndicatorParams<Name>): IndicatorReadings<Name>;
  /** An indicator of your own: `compute` runs once at each bar, in order, and sees what the strategy sees. Call it in `create`. */
  derive(compute: (bars: BarsSoFar) => number): Reading;
}

/**
 * A trading rule. It decides from the market alone; money, fills and fees are the engine's.
 *
 * @example
 * import { defineStrategy } from 'predictlab';
 * import { z } from 'zod';
 *
 * export const dip = defineStrategy({
 *   name: 'dip',
 *   summary: 'Buys a close that is `drop` below the one before, leaves at the next higher close',
 *   params: z.strictObject({ drop: z.number().positive().default(0.05) }),
 *   create: ({ drop }, bars) => () =>
 *     bars.close() <= bars.close(1) - drop ? 'long' : bars.close() > bars.close(1) ? 'flat' : 'hold',
 * });
 */
export interface Strategy<Params = unknown> {
  readonly name: string;
  /** One line: when it buys, when it leaves. */
  readonly summary: string;
  /** Parameters with defaults and rules; `strictObject`, so that a misspelt one is refused. */
  readonly params: z.ZodType<Params>;
  /** Hash of the module that it comes from and of what that imports; set where plugins are loaded. */
  readonly codeHash?: string;
  /** Called once per backtest; the function it returns is called at the close of each bar, oldest first. */
  create(params: Params, bars: BarsSoFar): () => Signal;
}

/** Types a strategy by its own schema. */
export const defineStrategy = <Params>(strategy: Strategy<Params>): Strategy<Params> => strategy;
