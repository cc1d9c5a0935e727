import { badInput } from '../../../contracts/errors.ts';
import { didYouMean } from '../../../contracts/text/nearest-name.ts';
import { INTERVAL_MS, INTERVALS, type Interval, type MarketKind } from '../../../contracts/words.ts';
import { bucketStart } from '../../../market/candles/bucket.ts';
import type { Reading } from '../../indicators/indicators.ts';
import type { BarsSoFar, LongerBars } from '../../strategy.ts';
import type { CandleSeries } from '../candle-series.ts';
import type { Market } from '../market.ts';
import type { Curtain } from './curtain.ts';
import { freezeClass } from './freeze-class.ts';
import { ColumnReading, computedOnce, type IndicatorCache, SeriesView } from './series-view.ts';

/** Longer bars of each series by interval, built once for all trials. */
const longer = new WeakMap<IndicatorCache, Map<Interval, LongerSeries>>();

/** A strategy's window onto the series that it trades. */
class View extends SeriesView implements BarsSoFar {
  readonly #input: ViewInput;

  constructor(input: ViewInput) {
    super(input.candles, input.clock, computedOnce(input.cache, input));
    this.#input = input;
    Object.freeze(this);
  }

  get market(): MarketKind {
    return this.#input.market.kind;
  }
  get barMs(): number {
    return this.#input.barMs;
  }
  get tickSize(): number | null {
    return this.#input.market.tickSize;
  }

  interval(interval: Interval): LongerBars {
    const { candles, cache, curtain, barMs, clock } = this.#input;
    const intervals = longer.get(cache) ?? new Map<Interval, LongerSeries>();
    longer.set(cache, intervals);
    const built = intervals.get(interval) ?? longerSeries(curtain?.truthOf(candles) ?? candles, barMs, interval);
    intervals.set(interval, built);
    const { closed } = built;
    curtain?.hideSeries(built.candles, closed);
    const newest = {
      get index() {
        return (closed[clock.index] ?? 0) - 1;
      },
    };
    return Object.freeze(new SeriesView(built.candles, newest, computedOnce(cache, { prefix: `${interval} `, curtain, known: closed })));
  }

  derive(compute: (bars: BarsSoFar) => number): Reading {
    const { candles, derived, clock } = this.#input;
    const values = new Float64Array(candles.length).fill(Number.NaN);
    derived.push({ compute, values });
    return Object.freeze(new ColumnReading(values, clock));
  }
}

freezeClass(View);

interface WindowInput {
  readonly candles: CandleSeries;
  readonly market: Market;
  readonly barMs: number;
  /** Indicator values that were computed from the candles earlier. */
  readonly cache?: IndicatorCache | undefined;
  /** Hides the future of the series and of everything derived from it. @default nothing is hidden */
  readonly curtain?: Curtain | undefined;
}

interface ViewInput extends WindowInput {
  readonly cache: IndicatorCache;
  readonly clock: { index: number };
  readonly derived: { readonly compute: (bars: BarsSoFar) => number; readonly values: Float64Array }[];
}

/** Opens a window onto a series before its first bar; `advance`, which only the engine has, moves it to the next bar. */
export function openWindow({ candles, market, barMs, cache = new Map(), curtain }: WindowInput): {
  readonly bars: BarsSoFar;
  readonly advance: () => void;
} {
  const clock = { index: -1 };
  const derived: ViewInput['derived'] = [];
  const bars = new View({ candles, market, barMs, cache, curtain, clock, derived });
  const derive = (): void => {
    for (let i = 0; i < derived.length; i++) {
      const value: unknown = derived[i].compute(bars);
      if (typeof value !== 'number') throw badInput(`derive must compute a number, got ${typeof value}`);
      derived[i].values[clock.index] = value;
    }
  };
  const advance = (): void => {
    clock.index++;
    curtain?.reveal(clock.index);
    if (derived.length > 0) derive();
  };
  return { bars, advance };
}

interface LongerSeries {
  readonly candles: CandleSeries;
  /** Number of longer bars that have closed by the close of each bar of the series. */
  readonly closed: Uint32Array;
}

/** Combines bars into bars of a longer interval. The first one is left out: the series may hold only a part of it. @throws PredictLabError */
function longerSeries(series: CandleSeries, barMs: number, interval: Interval): LongerSeries {
  if (!INTERVALS.includes(interval)) throw badInput(`there is no interval '${interval as string}'${didYouMean(interval, INTERVALS)}`);
  const step = INTERVAL_MS[interval];
  if (step % barMs !== 0)
    throw badInput(
      `bars of ${barMs / INTERVAL_MS['1m']} minutes cannot be combined into bars of ${interval}; name an interval that is a multiple of theirs, or trade shorter candles`,
    );
  const { length, openTime, open, high, low, close, volume } = series;
  const starts = new Float64Array(length);
  let count = 0;
  for (let i = 0; i < length; i++) {
    starts[i] = bucketStart(openTime[i], interval);
    // the series may start inside its first longer bar
    if (starts[i] >= openTime[0] && (i === 0 || starts[i] !== starts[i - 1])) count++;
  }
  // plain loops, no methods of arrays: a strategy could have replaced them to read these values
  const columns = {
    openTime: new Float64Array(count),
    open: new Float64Array(count),
    high: new Float64Array(count),
    low: new Float64Array(count),
    close: new Float64Array(count),
    volume: new Float64Array(count),
  };
  const closed = new Uint32Array(length);
  let last = -1;
  for (let i = 0; i < length; i++) {
    const start = starts[i];
    if (start < openTime[0]) continue;
    if (i === 0 || start !== starts[i - 1]) {
      last++;
      columns.openTime[last] = start;
      columns.open[last] = open[i];
      columns.high[last] = high[i];
      columns.low[last] = low[i];
      columns.volume[last] = volume[i];
    } else {
      if (high[i] > columns.high[last]) columns.high[last] = high[i];
      if (low[i] < columns.low[last]) columns.low[last] = low[i];
      columns.volume[last] += volume[i];
    }
    columns.close[last] = close[i];
    closed[i] = openTime[i] + barMs >= start + step ? last + 1 : last;
  }
  return { candles: { length: count, ...columns }, closed };
}
