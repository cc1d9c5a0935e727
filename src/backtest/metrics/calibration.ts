/** How often what was forecast in one range of probabilities came true. */
export interface CalibrationBin {
  /** The range [from, to), the last one including 1. */
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** Markets that the forecasts are of, where that is known. */
  readonly markets?: number;
  readonly meanForecast: number;
  /** Share of outcomes that were 1. */
  readonly hitRate: number;
  /** 95% interval of the true rate (Wilson 1927). */
  readonly wilsonLow: number;
  readonly wilsonHigh: number;
}

/**
 * Calibration table over equal ranges; empty ones are left out (scikit-learn `calibration_curve`, strategy uniform).
 *
 * @param bins number of ranges. @default 10
 */
export function calibration(forecasts: Float64Array, outcomes: Float64Array, bins = 10): CalibrationBin[] {
  const edges = Array.from({ length: bins + 1 }, (_, i) => i / bins);
  const sums = edges.map(() => ({ count: 0, forecast: 0, hits: 0 }));
  for (let i = 0; i < forecasts.length; i++) {
    // the edge itself decides, not the product: 0.3·10 is 3 but 0.7·10 is not 7 in every rounding
    let bin = Math.min(Math.floor(forecasts[i] * bins), bins - 1);
    if (forecasts[i] < edges[bin]) bin--;
    else if (bin < bins - 1 && forecasts[i] >= edges[bin + 1]) bin++;
    sums[bin].count++;
    sums[bin].forecast += forecasts[i];
    sums[bin].hits += outcomes[i];
  }
  return sums.flatMap(({ count, forecast, hits }, bin) => {
    if (count === 0) return [];
    const [wilsonLow, wilsonHigh] = wilsonInterval(hits / count, count);
    return [{ from: edges[bin], to: edges[bin + 1], count, meanForecast: forecast / count, hitRate: hits / count, wilsonLow, wilsonHigh }];
  });
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
