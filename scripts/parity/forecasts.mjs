import { built, json } from './reference.mjs';
import { equal } from './table.mjs';

/** scikit-learn's documentation examples of forecast scores. */
export async function forecastCases() {
  const { brier, logLoss } = await built('backtest/metrics/forecast-scores.js');
  const { calibration, calibrationError } = await built('backtest/metrics/calibration.js');
  const rows = Object.entries(json('prob-metrics/expected.json')).flatMap(([name, { y, p, n_bins: bins, ...theirs }]) => {
    const forecasts = Float64Array.from(p);
    const outcomes = Float64Array.from(y);
    const table = calibration(forecasts, outcomes, bins);
    return [
      equal(`${name}: brier`, brier(forecasts, outcomes), theirs.brier),
      equal(`${name}: logLoss`, logLoss(forecasts, outcomes), theirs.log_loss),
      equal(
        `${name}: hitRate per range`,
        table.map(({ hitRate }) => hitRate),
        theirs.prob_true,
      ),
      equal(
        `${name}: meanForecast per range`,
        table.map(({ meanForecast }) => meanForecast),
        theirs.prob_pred,
      ),
      equal(`${name}: calibrationError`, calibrationError(table), theirs.ece),
    ];
  });
  return [{ title: 'scikit-learn: forecasts', about: '`brier_score_loss`, `log_loss`, `calibration_curve` (uniform).', rows }];
}
