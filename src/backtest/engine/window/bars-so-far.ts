import type { Interval, MarketKind } from '../../../contracts/words.ts';
import type { Reading } from '../../indicators/reading.ts';
import type { BarsSoFar, LongerBars } from '../../strategy.ts';
import type { CandleSeries } from '../candle-series.ts';
import type { Market } from '../market.ts';
import { type LongerSeries, longerSeries } from './longer-bars.ts';
import { ColumnReading, computedOnce, type IndicatorCache, SeriesView } from './series-view.ts';

/** What the engine alone can do with a window. */
interface Window {
  readonly bars: BarsSoFar;
  /** Goes to the next bar. */
  readonly advance: () => void;
}

let advance: (bars: View) => void;

/** Longer bars of one series, put together once however many trials ask for them. */
const longer = new WeakMap<IndicatorCache, Map<Interval, LongerSeries>>();

/** The window onto the series that is traded on. */
class View extends SeriesView implements BarsSoFar {
  readonly #candles: CandleSeries;
  readonly #about: Market;
  readonly #clock: { index: number };
  readonly #cache: IndicatorCache;
  readonly #barMs: number;
  readonly #derived: { compute: (bars: BarsSoFar) => number; values: Float64Array }[] = [];

  static {
    advance = (bars) => {
      const clock = bars.#clock;
      const derived = bars.#derived;
      clock.index++;
      for (let i = 0; i < derived.length; i++) derived[i].values[clock.index] = derived[i].compute(bars);
    };
  }

  constructor(candles: CandleSeries, market: Market, cache: IndicatorCache, barMs: number) {
    const clock = { index: -1 };
    super(candles, clock, computedOnce(cache));
    this.#candles = candles;
    this.#about = market;
    this.#clock = clock;
    this.#cache = cache;
    this.#barMs = barMs;
  }

  get market(): MarketKind {
    return this.#about.kind;
  }
  get tickSize(): number | null {
    return this.#about.tickSize;
  }

  interval(interval: Interval): LongerBars {
    const known = longer.get(this.#cache) ?? new Map<Interval, LongerSeries>();
    longer.set(this.#cache, known);
    const { candles, closed } = known.get(interval) ?? longerSeries(this.#candles, this.#barMs, interval);
    known.set(interval, { candles, closed });
    const present = this.#clock;
    const newest = {
      get index() {
        return (closed[present.index] ?? 0) - 1;
      },
    };
    return new SeriesView(candles, newest, computedOnce(this.#cache, `${interval} `));
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
