import { badInput, PredictLabError } from '../../../contracts/errors.ts';
import type { Bands, Reading } from '../../indicators/indicators.ts';
import {
  checkedIndicatorParams,
  type IndicatorName,
  type IndicatorParams,
  type IndicatorReadings,
  indicatorValues,
} from '../../indicators/registry.ts';
import type { LongerBars } from '../../strategy.ts';
import type { CandleSeries } from '../candle-series.ts';
import type { Curtain } from './curtain.ts';
import { freezeClass } from './freeze-class.ts';

/** Index of the newest bar that may be read, shared by all readers of a series; −1 before the first bar. */
export interface Clock {
  readonly index: number;
}

/** Indicator values of one series, computed once for all trials. */
export type IndicatorCache = Map<string, Float64Array | Bands>;

/** Returns a computed column of a series by its name; computes it at the first call. */
type Computed = (key: string, candles: CandleSeries, compute: (candles: CandleSeries) => Float64Array | Bands) => Float64Array | Bands;

/** Creates a function that computes and caches columns. @param known number of values known at the close of each bar, for the curtain */
export const computedOnce =
  (
    cache: IndicatorCache,
    {
      prefix = '',
      curtain,
      known,
    }: { readonly prefix?: string; readonly curtain?: Curtain | undefined; readonly known?: Uint32Array } = {},
  ): Computed =>
  (key, candles, compute) => {
    const values = cache.get(prefix + key) ?? compute(curtain?.truthOf(candles) ?? candles);
    cache.set(prefix + key, values);
    curtain?.hideValues(values, known);
    return values;
  };

/** The value of a column `back` bars before the clock's bar; NaN for bars neither past nor present. @throws PredictLabError BadInput */
function valueAt(values: Float64Array, clock: Clock, back: unknown = 0): number {
  if (typeof back !== 'number') throw notANumber(back);
  const index = clock.index - back;
  if (!(back >= 0 && index >= 0)) return Number.NaN;
  // the entry is undefined if `index` is a fraction or not an index at all
  return values[index] ?? Number.NaN;
}

/** The error for an index that is not a number; a function of its own so that V8 can inline the shorter `valueAt`. */
const notANumber = (back: unknown): PredictLabError =>
  badInput(`the number of bars to look back must be a number, got ${back === null ? 'null' : typeof back}`);

/** A column of which only the values up to the clock's bar can be read. */
export class ColumnReading implements Reading {
  readonly #values: Float64Array;
  readonly #clock: Clock;

  constructor(values: Float64Array, clock: Clock) {
    this.#values = values;
    this.#clock = clock;
  }

  at(back?: number): number {
    return valueAt(this.#values, this.#clock, back);
  }
}

/** A strategy's window onto a series. Accessors count backwards from a clock that the strategy cannot move; later bars cannot be read. */
export class SeriesView implements LongerBars {
  readonly #candles: CandleSeries;
  readonly #clock: Clock;
  readonly #computed: Computed;
  readonly #openTime: Float64Array;
  readonly #open: Float64Array;
  readonly #high: Float64Array;
  readonly #low: Float64Array;
  readonly #close: Float64Array;
  readonly #volume: Float64Array;

  constructor(candles: CandleSeries, clock: Clock, computed: Computed) {
    this.#candles = candles;
    this.#clock = clock;
    this.#computed = computed;
    this.#openTime = candles.openTime;
    this.#open = candles.open;
    this.#high = candles.high;
    this.#low = candles.low;
    this.#close = candles.close;
    this.#volume = candles.volume;
  }

  get index(): number {
    return this.#clock.index;
  }
  time(back?: number): number {
    return valueAt(this.#openTime, this.#clock, back);
  }
  open(back?: number): number {
    return valueAt(this.#open, this.#clock, back);
  }
  high(back?: number): number {
    return valueAt(this.#high, this.#clock, back);
  }
  low(back?: number): number {
    return valueAt(this.#low, this.#clock, back);
  }
  close(back?: number): number {
    return valueAt(this.#close, this.#clock, back);
  }
  volume(back?: number): number {
    return valueAt(this.#volume, this.#clock, back);
  }

  indicator<Name extends IndicatorName>(name: Name, params: IndicatorParams<Name>): IndicatorReadings<Name> {
    const checked = checkedIndicatorParams(name, params);
    const values = this.#computed(`${name} ${JSON.stringify(checked)}`, this.#candles, (candles) =>
      indicatorValues(name, candles, checked),
    );
    const reading = (column: Float64Array): Reading => Object.freeze(new ColumnReading(column, this.#clock));
    const readings =
      values instanceof Float64Array
        ? reading(values)
        : Object.freeze({ lower: reading(values.lower), middle: reading(values.middle), upper: reading(values.upper) });
    return readings as IndicatorReadings<Name>;
  }
}

// frozen because all strategies share these prototypes
freezeClass(ColumnReading);
freezeClass(SeriesView);
