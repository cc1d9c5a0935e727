/** Brier score: mean((p − y)²) of forecasts p against outcomes y in {0, 1}; 0 is perfect, 0.25 is the score of a constant forecast of 0.5 (Brier 1950). */
export function brier(forecasts: Float64Array, outcomes: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < forecasts.length; i++) sum += (forecasts[i] - outcomes[i]) ** 2;
  return sum / forecasts.length;
}
