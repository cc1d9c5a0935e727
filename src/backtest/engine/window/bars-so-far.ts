import { PredictLabError } from '../../../contracts/errors.ts';
import type { Interval, MarketKind } from '../../../contracts/words.ts';
import type { Reading } from '../../indicators/indicators.ts';
import type { BarsSoFar, LongerBars } from '../../strategy.ts';
import type { CandleSeries } from '../candle-series.ts';
import type { Market } from '../market.ts';
import type { Curtain } from './curtain.ts';
import { type LongerSeries, longerSeries } from './longer-bars.ts';
import { ColumnReading, computedOnce, type IndicatorCache, SeriesView } from './series-view.ts';

/** A strategy's window onto a series, with the control that only the engine has. */
interface Window {
  readonly bars: BarsSoFar;
  /** Moves the window to the next bar. */
  readonly advance: () => void;
}

let advance: (bars: View) => void;

/** Longer bars of each series by interval, built once for all trials. */
const longer = new WeakMap<IndicatorCache, Map<Interval, LongerSeries>>();

/** A strategy's window onto the series that it trades. */
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
        if (typeof value !== 'number') throw new PredictLabError('BadInput', `derive must compute a number, got ${typeof value}`);
        derived[i].values[clock.index] = value;
      }
    };
  }

  constructor({ candles, market, cache, barMs, curtain }: WindowInput & { readonly cache: IndicatorCache }) {
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
    const intervals = longer.get(this.#cache) ?? new Map<Interval, LongerSeries>();
    longer.set(this.#cache, intervals);
    const curtain = this.#curtain;
    const { candles, closed } =
      intervals.get(interval) ?? longerSeries(curtain?.truthOf(this.#candles) ?? this.#candles, this.#barMs, interval);
    intervals.set(interval, { candles, closed });
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

interface WindowInput {
  readonly candles: CandleSeries;
  readonly market: Market;
  /** Length of a bar; milliseconds. */
  readonly barMs: number;
  /** Indicator values that were computed from the candles earlier. */
  readonly cache?: IndicatorCache | undefined;
  /** Hides the future of the series and of everything derived from it. @default nothing is hidden */
  readonly curtain?: Curtain | undefined;
}

/** Opens a window onto a series, positioned before its first bar: `bars` for the strategy, `advance` for the engine. */
export function openWindow({ cache = new Map(), curtain, ...opened }: WindowInput): Window {
  const bars = new View({ ...opened, cache, curtain });
  return { bars, advance: () => advance(bars) };
}
