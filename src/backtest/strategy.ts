import type { z } from 'zod';
import type { Interval, MarketKind } from '../contracts/words.ts';
import type { Reading } from './indicators/reading.ts';
import type { IndicatorName, IndicatorParams, IndicatorReadings } from './indicators/registry.ts';

/**
 * What a strategy wants to hold from the next bar's open on: `hold` changes nothing, `flat` closes whatever is held.
 * With `--side long`, `short` closes too.
 */
export type Signal = 'hold' | 'long' | 'short' | 'flat';

/**
 * A decision that says more than a word: how much, at which price, for how long, and what ends it. It enters at the next open, or
 * at its limit where it has one, and takes the place of an order that still waits. An order of the other side first closes what is
 * held; one of the side that is held buys no more, it moves the stop and the target (to none where it names none).
 *
 * Prices are of the first outcome on both sides: a short's stop lies above, its target below. What the open has passed fills at the
 * open; inside a bar the stop goes first. With `--side long` a short order closes what is held.
 */
export interface Order {
  readonly side: 'long' | 'short';
  /** Share of the equity that goes in, above 0 and at most 1. @default what the backtest's sizing says */
  readonly size?: number;
  /** Enters at this price or a better one. @default at the next open */
  readonly limit?: number;
  /** Fills before this time or not at all; UTC epoch milliseconds. @default until another decision */
  readonly expires?: number;
  /** Leaves at the market once this price is met. */
  readonly stop?: number;
  /** Leaves at this price or a better one. */
  readonly target?: number;
}

/** A word or an order. `hold` leaves an order waiting; every other answer takes its place. */
export type Decision = Signal | Order;

/**
 * Where the strategy stands at the close of the present bar, as its own account traded up to it; null where that is not known. A
 * strategy that reads none of it is decided and traded apart, which is faster.
 */
export interface Situation {
  /** Units held of what was bought: positive when long, negative when short. */
  readonly position: number;
  /** Of the first outcome, a unit; null when nothing is held. */
  readonly entryPrice: number | null;
  /** Money that is not in the position. */
  readonly cash: number;
  /** Cash and the position at the close. */
  readonly equity: number;
  /** From the bar's close to the end that was announced for the market. */
  readonly secondsLeft: number | null;
  /** Best prices of the book, where it was recorded by the bar's close. */
  readonly bid: number | null;
  readonly ask: number | null;
  /** The same question at the other venue, as far as its bars are over by the bar's close; null where none is known. */
  readonly twin: Twin | null;
}

/** Bars as far as they are known: `back` counts backwards from the newest of them, and anything else reads as NaN. */
interface KnownBars {
  /** Of the newest one, 0 = the first; −1 before there is any. */
  readonly index: number;
  /** Open time, UTC epoch milliseconds. */
  time(back?: number): number;
  open(back?: number): number;
  high(back?: number): number;
  low(back?: number): number;
  close(back?: number): number;
  /** NaN where ticks have no size. */
  volume(back?: number): number;
  /** A shipped indicator over these bars; values of bar i depend on bars up to i only. Call it in `create`, once. */
  indicator<Name extends IndicatorName>(name: Name, params: IndicatorParams<Name>): IndicatorReadings<Name>;
}

/** Bars of a longer interval, put together from those that are traded on: as far as their time is over by the close of the present bar. */
export type LongerBars = KnownBars;

/**
 * The market's twin at another venue: `back` counts from its newest bar that is over by the close of the present bar, which may be an
 * old one, where nobody traded there: its `time()` says. Prices are of the same outcome as the market's own. Ask for indicators in
 * `create`, once.
 */
export interface Twin extends KnownBars {
  /** `polymarket:<conditionId>`, `predict:<marketId>`, or a file. */
  readonly id: string;
}

/** The market as it is known at the close of the present bar. There is no way to name a later bar. */
export interface BarsSoFar extends KnownBars {
  readonly market: MarketKind;
  /** How long a bar lasts; milliseconds. */
  readonly barMs: number;
  /** Smallest price step, where the venue names one. */
  readonly tickSize: number | null;
  /**
   * The same market in a longer interval: `bars.interval('1d').close()` is the close of the last day that is over. Call it in `create`, once.
   *
   * @throws PredictLabError BadInput when the bars do not fill it: an interval is a multiple of theirs, or their own
   */
  interval(interval: Interval): LongerBars;
  /** An indicator of your own: `compute` runs once at each bar, in order, and sees what the strategy sees. Call it in `create`. */
  derive(compute: (bars: BarsSoFar) => number): Reading;
}

/**
 * A trading rule. It decides from the market, and from its situation where it wants to; fills and fees are the engine's.
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
  /**
   * Names the code of a strategy that a program defines: change it whenever anything changes that `create` uses from outside itself.
   * Without it the passport hashes the text of `create` alone, and says that the result is not provable.
   */
  readonly version?: string;
  /** Hash of everything that was loaded or read for its module; set where plugins are loaded. */
  readonly codeHash?: string;
  /** Why `codeHash` does not cover all of its code; set where plugins are loaded. */
  readonly codeGap?: string | undefined;
  /** As `PREDICTLAB_PLUGINS` names where it comes from; set where plugins are loaded. */
  readonly module?: string;
  /** Called once per backtest; the function it returns is called at the close of each bar, oldest first. */
  create(params: Params, bars: BarsSoFar, situation: Situation): () => Decision;
}

/** Types a strategy by its own schema. */
export const defineStrategy = <Params>(strategy: Strategy<Params>): Strategy<Params> => strategy;
