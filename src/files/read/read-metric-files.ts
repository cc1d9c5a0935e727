import type { ReturnSeries } from '../../backtest/metrics/return-metrics.ts';
import { PredictLabError } from '../../contracts/errors.ts';
import { readSeriesFile } from './read-series-file.ts';

/**
 * Reads `time,return`, oldest first; only the first return may be empty or NaN.
 *
 * @throws PredictLabError BadInput that names the line
 */
export async function readReturnFile(path: string): Promise<ReturnSeries> {
  const { columns, lines, length } = await readSeriesFile(path, { time: 'time', return: 'number' });
  const { time, return: returns } = columns;
  for (let i = 0; i < length; i++) {
    const where = `${path}, line ${lines[i]}`;
    if (!Number.isFinite(time[i])) throw bad(`${where}: time is not a time; give ISO 8601 in UTC`);
    if (i > 0 && time[i] === time[i - 1]) throw bad(`${where}: time repeats the row before; keep one row for each time`);
    if (i > 0 && time[i] < time[i - 1]) throw bad(`${where}: time is earlier than the row before; sort the rows by time`);
    if (!Number.isFinite(returns[i]) && (i > 0 || returns[i] === Infinity))
      throw bad(`${where}: return is not a number; give a fraction such as 0.01, or remove the row`);
    if (returns[i] < -1) throw bad(`${where}: return ${returns[i]} is below -1, a loss of everything; returns are fractions, 0.01 is 1%`);
  }
  if (length < 2 && Number.isNaN(returns[0])) throw bad(`${path} has no return; add a row for each period`);
  return { time, returns };
}

/**
 * Reads `probability,outcome`: forecasts in [0, 1] and outcomes 0 or 1.
 *
 * @throws PredictLabError BadInput that names the line
 */
export async function readForecastFile(path: string): Promise<{ readonly probability: Float64Array; readonly outcome: Float64Array }> {
  const { columns, lines, length } = await readSeriesFile(path, { probability: 'number', outcome: 'number' });
  const { probability, outcome } = columns;
  for (let i = 0; i < length; i++) {
    const where = `${path}, line ${lines[i]}`;
    if (!(probability[i] >= 0 && probability[i] <= 1)) throw bad(`${where}: probability must be a number from 0 to 1`);
    if (outcome[i] !== 0 && outcome[i] !== 1) throw bad(`${where}: outcome must be 0 or 1`);
  }
  return { probability, outcome };
}

const bad = (message: string): PredictLabError => new PredictLabError('BadInput', message);
