import { studentQuantile } from './distributions.ts';

/** One row of a calibration table: forecasts in one range of probabilities, and how often they came true. */
export interface CalibrationBin {
  /** Lower bound of the range (from, to]; the first range includes 0. */
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** Number of markets that were forecast; absent if unknown. */
  readonly markets?: number;
  /** Number of distinct events among the markets; each event is one independent draw. Absent if every market is its own event. */
  readonly events?: number;
  readonly meanForecast: number;
  /** Share of the forecasts whose outcome was 1. */
  readonly hitRate: number;
  /** Lower bound of the 95% interval of the true rate (Wilson 1927), over the number of independent outcomes (see {@link intervalOf}). */
  readonly wilsonLow: number;
  readonly wilsonHigh: number;
}

/** Forecasts of one market by range; all share the market's one outcome. Small enough to store. */
export interface MarketForecasts {
  /** 1 if the market's first outcome came true, else 0. */
  readonly outcome: number;
  /** Event of markets that resolve together, which count as one draw. @default the market is an event of its own */
  readonly event?: string | undefined;
  /** Number of forecasts in each range. */
  readonly count: readonly number[];
  /** Sum of the forecasts in each range. */
  readonly sum: readonly number[];
}

const RANGES = 10;

/** Counts one market's forecasts in ranges of equal width. */
export function marketForecasts(forecasts: Float64Array, outcome: number, event?: string, bins = RANGES): MarketForecasts {
  const count = Array.from({ length: bins }, () => 0);
  const sum = Array.from({ length: bins }, () => 0);
  for (let i = 0; i < forecasts.length; i++) {
    const bin = binOf(forecasts[i], bins);
    count[bin]++;
    sum[bin] += forecasts[i];
  }
  return { outcome, ...(event !== undefined && { event }), count, sum };
}

/**
 * Calibration table of forecasts that each have their own outcome (scikit-learn `calibration_curve`, strategy uniform: ranges (a, b]; empty
 * ranges are left out). @param bins number of ranges. @default 10
 */
export function calibration(forecasts: Float64Array, outcomes: Float64Array, bins = RANGES): CalibrationBin[] {
  const tally = new Tally(bins);
  for (let i = 0; i < forecasts.length; i++) tally.add(binOf(forecasts[i], bins), { count: 1, sum: forecasts[i], outcome: outcomes[i] });
  return tally.table().map(({ markets: _, events: __, ...bin }) => bin);
}

/**
 * Calibration table of markets. Every forecast counts for the mean and the rate, but the intervals rest on events ({@link intervalOf}):
 * forecasts of a market share its outcome, and markets of one event (a ladder of strikes on one date) resolve together.
 */
export function calibrationOfMarkets(markets: readonly MarketForecasts[]): CalibrationBin[] {
  const tally = new Tally(markets[0]?.count.length ?? RANGES);
  for (const { outcome, count, sum, event } of markets) {
    for (const [bin, number] of count.entries()) if (number > 0) tally.add(bin, { count: number, sum: sum[bin], outcome, event });
  }
  return tally.table();
}

interface Cluster {
  count: number;
  hits: number;
}

/**
 * 95% interval of the rate at which clustered forecasts came true. The n forecasts of a market share its outcome, which leaves (Σn)²/Σn²
 * independent outcomes (Kish 1965). Markets of one event may resolve alike; how far they do is estimated from the events (variance of a
 * ratio over clusters, Student's t with one degree of freedom fewer than events), bounded by taking markets, and events, as clusters.
 */
function intervalOf({ count, squares, hits, events }: { count: number; squares: number; hits: number; events: readonly Cluster[] }) {
  const rate = hits / count;
  const byMarket = (count * count) / squares;
  const byEvent = (count * count) / events.reduce((sum, one) => sum + one.count * one.count, 0);
  // every event has one market, or there is only one event, so its variance is unknown
  if (byMarket - byEvent < 1e-9 || events.length < 2) return wilsonInterval(rate, byEvent);
  const spread = events.reduce((sum, one) => sum + (one.hits - one.count * rate) ** 2, 0) / (count * count);
  const variance = (spread * events.length) / (events.length - 1);
  const seen = variance > 0 ? (rate * (1 - rate)) / variance : byEvent;
  return wilsonInterval(rate, Math.min(byMarket, Math.max(byEvent, seen)), studentQuantile(events.length - 1));
}

class Tally {
  private readonly bins: { count: number; squares: number; clusters: number; sum: number; hits: number; events: Map<unknown, Cluster> }[];

  constructor(bins: number) {
    this.bins = Array.from({ length: bins }, () => ({ count: 0, squares: 0, clusters: 0, sum: 0, hits: 0, events: new Map() }));
  }

  add(
    bin: number,
    more: { readonly count: number; readonly sum: number; readonly outcome: number; readonly event?: string | undefined },
  ): void {
    const { count, sum, outcome, event } = more;
    const at = this.bins[bin];
    at.count += count;
    at.squares += count * count;
    at.clusters++;
    at.sum += sum;
    at.hits += count * outcome;
    // a market without an event gets a key of its own
    const key = event ?? at.clusters;
    const known = at.events.get(key) ?? { count: 0, hits: 0 };
    known.count += count;
    known.hits += count * outcome;
    at.events.set(key, known);
  }

  table(): (CalibrationBin & { readonly markets: number })[] {
    const { bins } = this;
    return bins.flatMap(({ clusters, sum, events, ...bin }, index) => {
      const { count, hits } = bin;
      if (count === 0) return [];
      const [wilsonLow, wilsonHigh] = intervalOf({ ...bin, events: [...events.values()] });
      return [
        {
          from: index / bins.length,
          to: (index + 1) / bins.length,
          count,
          markets: clusters,
          ...(events.size !== clusters && { events: events.size }),
          meanForecast: sum / count,
          hitRate: hits / count,
          wilsonLow,
          wilsonHigh,
        },
      ];
    });
  }
}

/** Index of the range (a, b] that contains a forecast. Compares the bounds, since a product such as 0.7·10 may be rounded. */
function binOf(forecast: number, bins: number): number {
  let bin = Math.max(0, Math.min(Math.ceil(forecast * bins) - 1, bins - 1));
  if (bin > 0 && forecast <= bin / bins) bin--;
  else if (bin < bins - 1 && forecast > (bin + 1) / bins) bin++;
  return bin;
}

/** 97.5% quantile of the normal distribution, for two-sided 95% intervals. */
const Z = 1.959963984540054;

/** Wilson's score interval of a rate over `count` observations, even if they are few. @param z normal quantile. @default for 95% */
export function wilsonInterval(rate: number, count: number, z = Z): readonly [low: number, high: number] {
  const weight = (z * z) / count;
  const centre = (rate + weight / 2) / (1 + weight);
  const half = ((z / (1 + weight)) * Math.sqrt(rate * (1 - rate) * count + (z * z) / 4)) / count;
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}

/** Expected calibration error: Σ count·|meanForecast − hitRate| / total. */
export function calibrationError(table: readonly CalibrationBin[]): number {
  const total = table.reduce((sum, bin) => sum + bin.count, 0);
  return table.reduce((sum, bin) => sum + bin.count * Math.abs(bin.meanForecast - bin.hitRate), 0) / total;
}
