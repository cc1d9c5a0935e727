import { built, candles, json, rows } from './reference.mjs';
import { differs, equal } from './table.mjs';

const CASES = [
  {
    name: 'goog_test_sma10x30',
    about: 'SMA 10/30 on GOOG, close and reverse, no commission; the case its own test suite publishes',
    params: { fast: 10, slow: 30 },
    fee: 0,
    options: { side: 'both', backtestingPy: 'next-open' },
  },
  {
    name: 'goog_longonly_sma10x20',
    about: 'SMA 10/20 on GOOG, long only, commission 0.2% a side',
    params: { fast: 10, slow: 20 },
    fee: 0.002,
    options: { backtestingPy: 'next-open' },
  },
  {
    name: 'goog_longonly_toc',
    about: 'the same with `trade_on_close=True`',
    params: { fast: 10, slow: 20 },
    fee: 0.002,
    options: { backtestingPy: 'trade-on-close' },
  },
];

async function run({ params, fee, options }) {
  const { runBacktest } = await built('backtest/run-backtest.js');
  const { smaCross } = await built('backtest/strategies/shipped.js');
  const { plainMarket } = await built('backtest/engine/market.js');
  const market = plainMarket('asset', { model: 'flat', rate: fee });
  return runBacktest({
    candles: candles('backtesting-py/GOOG.csv'),
    strategy: smaCross,
    params,
    market,
    options: { wholeUnits: true, maxVolumeShare: null, ...options },
  });
}

/** backtesting.py's GOOG cases: trades, equity and statistics. */
export async function backtestingCases() {
  const expected = json('backtesting-py/expected.json');
  const sections = [];
  for (const one of CASES) {
    const { metrics, trades, equity } = await run(one);
    const plain = await run({ ...one, options: { side: one.options.side ?? 'long' } });
    const theirs = rows(`backtesting-py/${one.name}.trades.csv`).map((row) => row.map(Number));
    const { stats } = expected[one.name];
    const column = (at) => theirs.map((row) => row[at]);
    const percent = (name) => stats[name] / 100;
    sections.push({
      title: `backtesting.py: ${one.name}`,
      about: `${one.about}. Its last trade ends at the last open (\`finalize_trades=True\`), or with \`trade_on_close\` at the close before; the comparison does the same.`,
      rows: [
        equal('trades', metrics.trades, stats['# Trades']),
        equal(
          'size of each trade',
          trades.map(({ side, size }) => (side === 'long' ? size : -size)),
          column(0),
        ),
        equal(
          'entry bar',
          trades.map(({ entryBar }) => entryBar),
          column(1),
        ),
        equal(
          'exit bar',
          trades.map(({ exitBar }) => exitBar),
          column(2),
        ),
        equal(
          'entry price',
          trades.map(({ entryPrice }) => entryPrice),
          column(3),
        ),
        equal(
          'exit price',
          trades.map(({ exitPrice }) => exitPrice),
          column(4),
        ),
        equal(
          'profit of each trade',
          trades.map(({ pnl }) => pnl),
          column(7),
        ),
        equal(
          'commission of each trade',
          trades.map(({ fees }) => fees),
          column(8),
        ),
        equal(
          'equity at each bar',
          [...equity],
          rows(`backtesting-py/${one.name}.equity.csv`).map((row) => Number(row[1])),
        ),
        equal('finalEquity', metrics.finalEquity, stats['Equity Final [$]']),
        equal('totalReturn', metrics.totalReturn, percent('Return [%]')),
        equal('cagr', metrics.cagr, percent('CAGR [%]')),
        equal('maxDrawdown', metrics.maxDrawdown, percent('Max. Drawdown [%]')),
        equal('winRate', metrics.winRate, percent('Win Rate [%]')),
        differs(
          'finalEquity by our own rule',
          plain.metrics.finalEquity,
          stats['Equity Final [$]'],
          'a decision fills at the next open and what is held in the end is closed at the last close',
        ),
        differs(
          'sharpe',
          metrics.sharpe,
          stats['Sharpe Ratio'],
          'theirs: compounded annual return / annual volatility over trading days; ours: mean/std·√365 over calendar days',
        ),
        differs('sortino', metrics.sortino, stats['Sortino Ratio'], 'the same'),
        differs('calmar', metrics.calmar, stats['Calmar Ratio'], 'theirs: annualised mean return / drawdown; ours: cagr / drawdown'),
        differs(
          'profitFactor',
          metrics.profitFactor,
          stats['Profit Factor'],
          'theirs sums the trades’ returns in percent, ours their money',
        ),
        differs(
          'exposure',
          metrics.exposure,
          percent('Exposure Time [%]'),
          'theirs counts the bar of the exit, ours bars at whose close something is held',
        ),
      ],
    });
  }
  return sections;
}

/** One equity curve, every library's Sharpe ratio. */
export async function sharpeByDefinition() {
  const { metrics, equity } = await run(CASES[1]);
  const stats = json('backtesting-py/expected.json').goog_longonly_sma10x20.stats;
  const returns = [...equity].slice(1).map((value, i) => value / equity[i] - 1);
  const count = returns.length;
  const mean = returns.reduce((sum, value) => sum + value, 0) / count;
  const deviation = Math.sqrt(returns.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1));
  const row = (library, value, note) => ({
    field: library,
    ours: String(Number(metrics.sharpe.toPrecision(12))),
    theirs: String(Number(value.toPrecision(12))),
    difference: '',
    note,
    fails: false,
  });
  return [
    {
      title: 'One equity curve, many Sharpe ratios',
      about:
        'The equity of `goog_longonly_sma10x20`, measured by ours and by the formula of each library. None is wrong; a ratio without its definition is.',
      rows: [
        row(
          'empyrical, quantstats',
          (mean / deviation) * Math.sqrt(252),
          'mean/std(ddof 1)·√252 over trading days: right for exchange hours, too small for markets that never close',
        ),
        row('backtesting.py', stats['Sharpe Ratio'], 'geometric annual return / compounded annual volatility, 252'),
        row('Lean', ((1 + mean) ** 252 - 1) / (deviation * Math.sqrt(252)), 'compounded mean / annual deviation, 252'),
        row('vectorbt', (mean / deviation) * Math.sqrt(365), 'mean/std(ddof 1)·√365 over the bars there are, weekends left out'),
      ],
    },
  ];
}
