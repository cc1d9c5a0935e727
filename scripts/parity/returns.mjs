import { built } from './reference.mjs';
import { differs, equal } from './table.mjs';

const percents = (values) => Float64Array.from(values, (value) => value / 100);

/** empyrical's published values (its tests/test_stats.py), annualised with 252. */
const CASES = [
  {
    name: 'mixed_returns',
    returns: [Number.NaN, 1, 10, -4, 2, 3, 2, 1, -10],
    values: {
      sharpe: 1.7238613961706866,
      sortino: 2.605531251673693,
      cagr: 1.9135925373194231,
      volatility: 0.9136465399704637,
      calmar: 19.135925373194233,
      maxDrawdown: -0.1,
    },
  },
  {
    name: 'negative_returns',
    returns: [0, -6, -7, -1, -9, -2, -6, -8, -5],
    values: { sharpe: -24.406808633910085, sortino: -13.532743075043401 },
  },
  {
    name: 'positive_returns',
    returns: [1, 2, 1, 1, 1, 1, 1, 1, 1],
    values: { sharpe: 52.915026221291804 },
    undefined: { sortino: Number.POSITIVE_INFINITY },
  },
  { name: 'flat_line_1', returns: [1, 1, 1, 1, 1, 1, 1, 1, 1], values: {}, undefined: { sharpe: Number.POSITIVE_INFINITY } },
];

/** Metrics of return series. */
export async function returnCases() {
  const { measureReturns } = await built('backtest/metrics/return-metrics.js');
  const rows = CASES.flatMap(({ name, returns, values, undefined: infinite = {} }) => {
    const time = Float64Array.from(returns, (_, i) => i * 86_400_000);
    const ours = measureReturns({ time, returns: percents(returns) }, { periodsPerYear: 252 });
    return [
      ...Object.entries(values).map(([metric, value]) => equal(`${name}: ${metric}`, ours.values[metric], value)),
      ...Object.entries(infinite).map(([metric, value]) =>
        differs(`${name}: ${metric}`, ours.values[metric], value, `ours is null because ${ours.reasons[metric]}`),
      ),
    ];
  });
  return [{ title: 'empyrical: return series', about: '`predictlab metrics --returns r.csv --periods-per-year 252`.', rows }];
}
