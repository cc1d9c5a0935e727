import type { Twin } from '../../strategy.ts';
import type { CandleSeries } from '../candle-series.ts';
import type { Curtain } from './curtain.ts';
import { type Clock, computedOnce, type IndicatorCache, SeriesView } from './series-view.ts';

/** The same question at another venue: bars beside those that are traded on. */
export interface TwinSeries {
  /** In the reader's words: an instrument's id, or a file. */
  readonly id: string;
  readonly candles: CandleSeries;
  /** How long a bar lasts: what of it is known when depends on that; milliseconds. */
  readonly barMs: number;
  /** What was computed of its bars, for all trials. */
  readonly indicators: IndicatorCache;
}

/** Bars, and how long each lasts; milliseconds. */
interface TimedBars {
  readonly candles: Pick<CandleSeries, 'length' | 'openTime'>;
  readonly barMs: number;
}

/** By bar of the series: how many bars of a twin are over by its close. */
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

/** A strategy's window onto the twin. */
class View extends SeriesView implements Twin {
  readonly id: string;

  constructor({ id, candles, indicators }: TwinSeries, clock: Clock, known: Uint32Array, curtain: Curtain | undefined) {
    super(candles, clock, computedOnce(indicators, { curtain, known }));
    this.id = id;
    Object.freeze(this);
  }
}

Object.freeze(View.prototype);

/** Opens a window onto a twin, whose bars are seen once they are over by the close of the present bar of the series. */
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
