import { PredictLabError } from '../../../contracts/errors.ts';
import type { Interval, MarketKind } from '../../../contracts/words.ts';
import type { Reading } from '../../indicators/reading.ts';
import type { BarsSoFar, LongerBars } from '../../strategy.ts';
import type { CandleSeries } from '../candle-series.ts';
import type { Market } from '../market.ts';
import type { Curtain } from './curtain.ts';
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
  readonly #curtain: Curtain | undefined;
  readonly #derived: { compute: (bars: BarsSoFar) => number; values: Float64Array }[] = [];

  static {
    advance = (bars) => {
      const clock = bars.#clock;
      const derived = bars.#derived;
      clock.index++;
      bars.#curtain?.reveal(clock.index);
      for (let i = 0; i < derived.length; i++) {
        const value: unknown = derived[i].compute(bars);
        if (typeof value !== 'number') throw new PredictLabError('BadInput', `derive computes a number, got ${typeof value}`);
        derived[i].values[clock.index] = value;
      }
    };
  }

  constructor({ candles, market, cache, barMs, curtain }: Opened & { readonly cache: IndicatorCache }) {
    const clock = { index: -1 };
    super(candles, clock, computedOnce(cache, { curtain }));
    this.#candles = candles;
    this.#about = market;
    this.#clock = clock;
    this.#cache = cache;
    this.#barMs = barMs;
    this.#curtain = curtain;
    Object.freeze(this);
  }

  get market(): MarketKind {
    return this.#about.kind;
  }
  get barMs(): number {
    return this.#barMs;
  }
  get tickSize(): number | null {
    return this.#about.tickSize;
  }

  interval(interval: Interval): LongerBars {
    const made = longer.get(this.#cache) ?? new Map<Interval, LongerSeries>();
    longer.set(this.#cache, made);
    const curtain = this.#curtain;
    const { candles, closed } = made.get(interval) ?? longerSeries(curtain?.truthOf(this.#candles) ?? this.#candles, this.#barMs, interval);
    made.set(interval, { candles, closed });
    curtain?.hideSeries(candles, closed);
    const present = this.#clock;
    const newest = {
      get index() {
        return (closed[present.index] ?? 0) - 1;
      },
    };
    return Object.freeze(new SeriesView(candles, newest, computedOnce(this.#cache, { prefix: `${interval} `, curtain, known: closed })));
  }

  derive(compute: (bars: BarsSoFar) => number): Reading {
    const values = new Float64Array(this.#candles.length).fill(Number.NaN);
    this.#derived.push({ compute, values });
    return Object.freeze(new ColumnReading(values, this.#clock));
  }
}

Object.freeze(View.prototype);

interface Opened {
  readonly candles: CandleSeries;
  readonly market: Market;
  /** How long a bar lasts; milliseconds. */
  readonly barMs: number;
  /** What was computed of the candles before. */
  readonly cache?: IndicatorCache | undefined;
  /** Hides the future of everything that is opened. @default nothing is hidden */
  readonly curtain?: Curtain | undefined;
}

/** Opens a window onto a series, before its first bar: `bars` for the strategy, `advance` for the engine. */
export function openWindow({ cache = new Map(), curtain, ...opened }: Opened): Window {
  const bars = new View({ ...opened, cache, curtain });
  return { bars, advance: () => advance(bars) };
}
