import type { Twin } from '../../strategy.ts';
import type { CandleSeries } from '../candle-series.ts';
import type { Curtain } from './curtain.ts';
import { freezeClass } from './freeze-class.ts';
import { type Clock, computedOnce, type IndicatorCache, SeriesView } from './series-view.ts';

export interface TwinSeries {
  /** An instrument's id or a file name. */
  readonly id: string;
  readonly candles: CandleSeries;
  /** Length of a bar, after which the bar is known; milliseconds. */
  readonly barMs: number;
  readonly indicators: IndicatorCache;
}

interface TimedBars {
  readonly candles: Pick<CandleSeries, 'length' | 'openTime'>;
  readonly barMs: number;
}

/** Number of a twin's bars that have closed by the close of each bar of the series. */
export function twinBarsKnown({ candles: { openTime, length }, barMs }: TimedBars, twin: TimedBars): Uint32Array {
  const known = new Uint32Array(length);
  let count = 0;
  for (let i = 0; i < length; i++) {
    const now = openTime[i] + barMs;
    while (count < twin.candles.length && twin.candles.openTime[count] + twin.barMs <= now) count++;
    known[i] = count;
  }
  return known;
}

class View extends SeriesView implements Twin {
  readonly id: string;

  constructor({ id, candles, indicators }: TwinSeries, clock: Clock, known: Uint32Array, curtain: Curtain | undefined) {
    super(candles, clock, computedOnce(indicators, { curtain, known }));
    this.id = id;
    Object.freeze(this);
  }
}

freezeClass(View);

/** Opens a window onto a twin, whose bars can be read once they have closed by the close of the series' present bar. */
export function openTwin(twin: TwinSeries, series: TimedSeries, present: Clock, curtain?: Curtain): Twin {
  const truth = (candles: CandleSeries): CandleSeries => curtain?.truthOf(candles) ?? candles;
  const known = twinBarsKnown({ ...series, candles: truth(series.candles) }, { ...twin, candles: truth(twin.candles) });
  const clock = {
    get index() {
      return (known[present.index] ?? 0) - 1;
    },
  };
  return new View(twin, clock, known, curtain);
}

interface TimedSeries extends TimedBars {
  readonly candles: CandleSeries;
}
