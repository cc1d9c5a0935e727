/** Distance from 0 and 1 that forecasts are clipped to, so that one wrong certain forecast does not make the mean infinite (as in scikit-learn). */
const CERTAINTY = Number.EPSILON;

/** Logarithmic loss: −mean(y·ln p + (1 − y)·ln(1 − p)), natural logarithm, outcomes y in {0, 1}. */
export function logLoss(forecasts: Float64Array, outcomes: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < forecasts.length; i++) {
    const p = Math.min(Math.max(forecasts[i], CERTAINTY), 1 - CERTAINTY);
    sum -= outcomes[i] * Math.log(p) + (1 - outcomes[i]) * Math.log(1 - p);
  }
  return sum / forecasts.length;
}
