import type { Interval, MarketKind } from '../../../contracts/words.ts';
import type { Reading } from '../../indicators/reading.ts';
import {
  checkedIndicatorParams,
  type IndicatorName,
  type IndicatorParams,
  type IndicatorReadings,
  indicatorValues,
} from '../../indicators/registry.ts';
import type { BarsSoFar, LongerBars } from '../../strategy.ts';
import type { CandleSeries } from '../candle-series.ts';
import { LongerView, longerSeries } from './longer-bars.ts';
import type { Market } from '../market.ts';

/** The present bar, shared by everything that reads relative to it. */
interface Clock {
  index: number;
}

/** A column behind the clock: only what is at or before the present bar can be read. */
class ColumnReading implements Reading {
  readonly #values: Float64Array;
  readonly #clock: Clock;

  constructor(values: Float64Array, clock: Clock) {
    this.#values = values;
    this.#clock = clock;
  }

  at(back = 0): number {
    const index = this.#clock.index - back;
    if (!(back >= 0 && index >= 0)) return Number.NaN;
    const value = this.#values[index];
    // a fraction names no bar
    return value === undefined ? Number.NaN : value;
  }
}

/** Indicator values of one series, computed once however many trials ask for them. */
export type IndicatorCache = Map<string, ReturnType<typeof indicatorValues>>;

/** What the engine alone can do with a window. */
interface Window {
  readonly bars: BarsSoFar;
  /** Goes to the next bar. */
  readonly advance: () => void;
}

let advance: (bars: View) => void;

/** Longer bars of one series, put together once however many trials ask for them. */
const longer = new WeakMap<IndicatorCache, Map<Interval, ReturnType<typeof longerSeries>>>();

/** The strategy's window onto a series: accessors count backwards from a clock that it has no way to move, or to see behind. */
class View implements BarsSoFar {
  readonly #candles: CandleSeries;
  readonly #about: Market;
  readonly #clock: Clock = { index: -1 };
  readonly #cache: IndicatorCache;
  readonly #barMs: number;
  readonly #derived: { compute: (bars: BarsSoFar) => number; values: Float64Array }[] = [];
  readonly #columns: Record<'openTime' | 'open' | 'high' | 'low' | 'close' | 'volume', ColumnReading>;

  static {
    advance = (bars) => {
      const clock = bars.#clock;
      const derived = bars.#derived;
      clock.index++;
      for (let i = 0; i < derived.length; i++) derived[i].values[clock.index] = derived[i].compute(bars);
    };
  }

  constructor(candles: CandleSeries, market: Market, cache: IndicatorCache, barMs: number) {
    this.#barMs = barMs;
    this.#candles = candles;
    this.#about = market;
    this.#cache = cache;
    const column = (values: Float64Array): ColumnReading => new ColumnReading(values, this.#clock);
    this.#columns = {
      openTime: column(candles.openTime),
      open: column(candles.open),
      high: column(candles.high),
      low: column(candles.low),
      close: column(candles.close),
      volume: column(candles.volume),
    };
  }

  get index(): number {
    return this.#clock.index;
  }
  get market(): MarketKind {
    return this.#about.kind;
  }
  get tickSize(): number | null {
    return this.#about.tickSize;
  }
  time(back?: number): number {
    return this.#columns.openTime.at(back);
  }
  open(back?: number): number {
    return this.#columns.open.at(back);
  }
  high(back?: number): number {
    return this.#columns.high.at(back);
  }
  low(back?: number): number {
    return this.#columns.low.at(back);
  }
  close(back?: number): number {
    return this.#columns.close.at(back);
  }
  volume(back?: number): number {
    return this.#columns.volume.at(back);
  }

  indicator<Name extends IndicatorName>(name: Name, params: IndicatorParams<Name>): IndicatorReadings<Name> {
    const checked = checkedIndicatorParams(name, params);
    const key = `${name} ${JSON.stringify(checked)}`;
    let values = this.#cache.get(key);
    if (values === undefined) {
      values = indicatorValues(name, this.#candles, checked);
      this.#cache.set(key, values);
    }
    const reading = (column: Float64Array): Reading => new ColumnReading(column, this.#clock);
    const readings =
      values instanceof Float64Array
        ? reading(values)
        : { lower: reading(values.lower), middle: reading(values.middle), upper: reading(values.upper) };
    return readings as IndicatorReadings<Name>;
  }

  interval(interval: Interval): LongerBars {
    const known = longer.get(this.#cache) ?? new Map<Interval, ReturnType<typeof longerSeries>>();
    longer.set(this.#cache, known);
    const series = known.get(interval) ?? longerSeries(this.#candles, this.#barMs, interval);
    known.set(interval, series);
    return new LongerView(
      series,
      () => this.#clock.index,
      (indicator, compute) => {
        const key = `${interval} ${indicator}`;
        const values = this.#cache.get(key) ?? compute();
        this.#cache.set(key, values);
        return values;
      },
    );
  }

  derive(compute: (bars: BarsSoFar) => number): Reading {
    const values = new Float64Array(this.#candles.length).fill(Number.NaN);
    this.#derived.push({ compute, values });
    return new ColumnReading(values, this.#clock);
  }
}

/**
 * Opens a window onto a series, before its first bar: `bars` for the strategy, `advance` for the engine.
 *
 * @param barMs how long a bar lasts; milliseconds
 */
export function openWindow(candles: CandleSeries, market: Market, barMs: number, cache: IndicatorCache = new Map()): Window {
  const bars = new View(candles, market, cache, barMs);
  return { bars, advance: () => advance(bars) };
}
