/**
 * Simple moving average: the mean of the last `period` values; NaN for the first `period` − 1 values (TA-Lib `SMA`).
 *
 * The running sum is compensated (Neumaier), and a window of equal values gives exactly that value: otherwise rounding errors would
 * make two averages of a constant price cross.
 */
export function sma(values: Float64Array, period: number): Float64Array {
  const n = values.length;
  const out = new Float64Array(n).fill(Number.NaN);
  let sum = 0;
  let lost = 0;
  let equalRun = 0;
  for (let i = 0; i < n; i++) {
    const value = values[i];
    equalRun = i > 0 && value === values[i - 1] ? equalRun + 1 : 1;
    let next = sum + value;
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
    sum = next;
    if (i >= period) {
      const old = -values[i - period];
      next = sum + old;
      lost += Math.abs(sum) >= Math.abs(old) ? sum - next + old : old - next + sum;
      sum = next;
    }
    if (i >= period - 1) out[i] = equalRun >= period ? value : (sum + lost) / period;
  }
  return out;
}
