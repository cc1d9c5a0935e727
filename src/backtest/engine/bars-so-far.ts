import type { MarketKind } from '../../contracts/words.ts';
import type { Reading } from '../indicators/reading.ts';
import {
  INDICATOR_NAMES,
  type IndicatorName,
  type IndicatorParams,
  type IndicatorReadings,
  indicatorValues,
} from '../indicators/registry.ts';
import type { BarsSoFar } from '../strategy.ts';
import type { CandleSeries } from './candle-series.ts';
import type { Market } from './market.ts';

/** The present bar, shared by everything that reads relative to it. */
interface Clock {
  index: number;
}

/** A column behind the clock: only what is at or before the present bar can be read. */
class ColumnReading implements Reading {
  private readonly values: Float64Array;
  private readonly clock: Clock;

  constructor(values: Float64Array, clock: Clock) {
    this.values = values;
    this.clock = clock;
  }

  at(back = 0): number {
    const index = this.clock.index - back;
    if (!(back >= 0 && index >= 0)) return Number.NaN;
    const value = this.values[index];
    // a fraction names no bar
    return value === undefined ? Number.NaN : value;
  }
}

/** Indicator values of one series, computed once however many trials ask for them. */
export type IndicatorCache = Map<string, ReturnType<typeof indicatorValues>>;

/**
 * The strategy's window onto a series: accessors count backwards from the clock, which only the engine moves.
 * What a strategy could reach by going around the types is what the look-ahead proof takes away (`look-ahead.ts`).
 */
export class MovingBars implements BarsSoFar {
  private readonly candles: CandleSeries;
  private readonly about: Market;
  private readonly clock: Clock = { index: -1 };
  private readonly cache: IndicatorCache;
  private readonly derived: { compute: (bars: BarsSoFar) => number; values: Float64Array }[] = [];
  private readonly columns: Record<'openTime' | 'open' | 'high' | 'low' | 'close' | 'volume', ColumnReading>;

  constructor(candles: CandleSeries, market: Market, cache: IndicatorCache = new Map()) {
    this.candles = candles;
    this.about = market;
    this.cache = cache;
    const column = (values: Float64Array): ColumnReading => new ColumnReading(values, this.clock);
    this.columns = {
      openTime: column(candles.openTime),
      open: column(candles.open),
      high: column(candles.high),
      low: column(candles.low),
      close: column(candles.close),
      volume: column(candles.volume),
    };
  }

  /** Goes to the next bar; the engine's to call. */
  advance(): void {
    this.clock.index++;
    for (let i = 0; i < this.derived.length; i++) this.derived[i].values[this.clock.index] = this.derived[i].compute(this);
  }

  get index(): number {
    return this.clock.index;
  }
  get market(): MarketKind {
    return this.about.kind;
  }
  get tickSize(): number | null {
    return this.about.tickSize;
  }
  time(back?: number): number {
    return this.columns.openTime.at(back);
  }
  open(back?: number): number {
    return this.columns.open.at(back);
  }
  high(back?: number): number {
    return this.columns.high.at(back);
  }
  low(back?: number): number {
    return this.columns.low.at(back);
  }
  close(back?: number): number {
    return this.columns.close.at(back);
  }
  volume(back?: number): number {
    return this.columns.volume.at(back);
  }

  indicator<Name extends IndicatorName>(name: Name, params: IndicatorParams<Name>): IndicatorReadings<Name> {
    if (!INDICATOR_NAMES.includes(name)) throw new TypeError(`there is no indicator '${name}', there are: ${INDICATOR_NAMES.join(', ')}`);
    const key = `${name} ${JSON.stringify(params)}`;
    let values = this.cache.get(key);
    if (values === undefined) {
      values = indicatorValues(name, this.candles, params);
      this.cache.set(key, values);
    }
    const reading = (column: Float64Array): Reading => new ColumnReading(column, this.clock);
    const readings =
      values instanceof Float64Array
        ? reading(values)
        : { lower: reading(values.lower), middle: reading(values.middle), upper: reading(values.upper) };
    return readings as IndicatorReadings<Name>;
  }

  derive(compute: (bars: BarsSoFar) => number): Reading {
    const values = new Float64Array(this.candles.length).fill(Number.NaN);
    this.derived.push({ compute, values });
    return new ColumnReading(values, this.clock);
  }
}
