/** How often what was forecast in one range of probabilities came true. */
export interface CalibrationBin {
  /** The range (from, to], the first one including 0. */
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** Markets that the forecasts are of, where that is known. */
  readonly markets?: number;
  readonly meanForecast: number;
  /** Share of outcomes that were 1. */
  readonly hitRate: number;
  /** 95% interval of the true rate (Wilson 1927), over as many independent outcomes as there are ({@link independentCount}). */
  readonly wilsonLow: number;
  readonly wilsonHigh: number;
}

/** The forecasts of one market, whose one outcome they all share, by range. Small enough to be kept. */
export interface MarketForecasts {
  /** 1 where it came true, else 0. */
  readonly outcome: number;
  /** Forecasts in each range, and their sum. */
  readonly count: readonly number[];
  readonly sum: readonly number[];
}

/** Ranges of a table by default. */
const RANGES = 10;

/** Sorts one market's forecasts into equal ranges. */
export function marketForecasts(forecasts: Float64Array, outcome: number, bins = RANGES): MarketForecasts {
  const count = Array.from({ length: bins }, () => 0);
  const sum = Array.from({ length: bins }, () => 0);
  for (let i = 0; i < forecasts.length; i++) {
    const bin = binOf(forecasts[i], bins);
    count[bin]++;
    sum[bin] += forecasts[i];
  }
  return { outcome, count, sum };
}

/**
 * Calibration table of forecasts that each have an outcome of their own (scikit-learn `calibration_curve`, strategy uniform:
 * ranges (a, b], empty ones are left out).
 *
 * @param bins number of ranges. @default 10
 */
export function calibration(forecasts: Float64Array, outcomes: Float64Array, bins = RANGES): CalibrationBin[] {
  const tally = new Tally(bins);
  for (let i = 0; i < forecasts.length; i++) tally.add(binOf(forecasts[i], bins), { count: 1, sum: forecasts[i], outcome: outcomes[i] });
  return tally.table().map(({ markets: _, ...bin }) => bin);
}

/**
 * Calibration table of markets: every forecast counts for the mean and the rate, but all of one market's share its one
 * outcome, so that a range has as many independent outcomes as {@link independentCount} says, at most one a market.
 */
export function calibrationOfMarkets(markets: readonly MarketForecasts[]): CalibrationBin[] {
  const tally = new Tally(markets[0]?.count.length ?? RANGES);
  for (const { outcome, count, sum } of markets) {
    for (const [bin, number] of count.entries()) if (number > 0) tally.add(bin, { count: number, sum: sum[bin], outcome });
  }
  return tally.table();
}

/**
 * Independent outcomes among clusters whose members share theirs: (Σ n)² / Σ n² (Kish 1965). As many as clusters where these
 * are equally large, fewer where one outweighs the others.
 */
const independentCount = (count: number, squares: number): number => (count * count) / squares;

class Tally {
  private readonly bins: { count: number; squares: number; clusters: number; sum: number; hits: number }[];

  constructor(bins: number) {
    this.bins = Array.from({ length: bins }, () => ({ count: 0, squares: 0, clusters: 0, sum: 0, hits: 0 }));
  }

  /** So many forecasts with one outcome. */
  add(bin: number, { count, sum, outcome }: { readonly count: number; readonly sum: number; readonly outcome: number }): void {
    const at = this.bins[bin];
    at.count += count;
    at.squares += count * count;
    at.clusters++;
    at.sum += sum;
    at.hits += count * outcome;
  }

  table(): (CalibrationBin & { readonly markets: number })[] {
    const { bins } = this;
    return bins.flatMap(({ count, squares, clusters, sum, hits }, bin) => {
      if (count === 0) return [];
      const [wilsonLow, wilsonHigh] = wilsonInterval(hits / count, independentCount(count, squares));
      return [
        {
          from: bin / bins.length,
          to: (bin + 1) / bins.length,
          count,
          markets: clusters,
          meanForecast: sum / count,
          hitRate: hits / count,
          wilsonLow,
          wilsonHigh,
        },
      ];
    });
  }
}

/** The range (a, b] that holds a forecast; the edge itself decides, not the product: 0.7·10 is not 7 in every rounding. */
function binOf(forecast: number, bins: number): number {
  let bin = Math.max(0, Math.min(Math.ceil(forecast * bins) - 1, bins - 1));
  if (bin > 0 && forecast <= bin / bins) bin--;
  else if (bin < bins - 1 && forecast > (bin + 1) / bins) bin++;
  return bin;
}

/** 97.5% quantile of the normal distribution: two sides of 95%. */
const Z = 1.959963984540054;

/** Wilson's 95% score interval of a rate seen `count` times; stays inside [0, 1] and is honest for few observations. */
export function wilsonInterval(rate: number, count: number): readonly [low: number, high: number] {
  const weight = (Z * Z) / count;
  const centre = (rate + weight / 2) / (1 + weight);
  const half = ((Z / (1 + weight)) * Math.sqrt(rate * (1 - rate) * count + (Z * Z) / 4)) / count;
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}

/** Expected calibration error: Σ count·|meanForecast − hitRate| / total. */
export function calibrationError(table: readonly CalibrationBin[]): number {
  const total = table.reduce((sum, bin) => sum + bin.count, 0);
  return table.reduce((sum, bin) => sum + bin.count * Math.abs(bin.meanForecast - bin.hitRate), 0) / total;
}
