/** Rate of change in percent: 100·(value / value `period` bars ago − 1) (TA-Lib `ROC`). NaN during warm-up and from a value of 0. */
export function roc(values: Float64Array, period: number): Float64Array {
  const out = new Float64Array(values.length).fill(Number.NaN);
  for (let i = period; i < values.length; i++) {
    const before = values[i - period];
    if (before !== 0) out[i] = (values[i] / before - 1) * 100;
  }
  return out;
}
