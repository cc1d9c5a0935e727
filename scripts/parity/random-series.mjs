import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT, SetUpError } from '../set-up/project.mjs';
import { built } from './reference.mjs';

const HOUR = 3_600_000;
const LIMIT = 1e-9;
const CASH = 10_000;

/** Where the section begins in docs/parity.md: it stays when only the published cases are run again. */
export const RANDOM_TITLE = '## Random series beside installed peers';

/**
 * Ours beside whatever peers are installed, on random series: how many agree in every figure, and why the others do not.
 *
 * @param options.count series for each peer
 * @param options.python the interpreter that has them
 * @returns the section as Markdown, and what is not equal that should be
 */
export async function randomSeries({ count, python, seed }) {
  const { seededRandom } = await built('backtest/metrics/distributions.js');
  const cases = casesOf(count, seededRandom(seed));
  const theirs = askPeers(python, cases);
  const rows = [];
  const wrong = [];
  for (const [peer, compare] of Object.entries(COMPARISONS)) {
    const answer = theirs[peer];
    if (answer.missing !== undefined) {
      rows.push(`| ${NAMES[peer]} | not installed here | | | |`);
      continue;
    }
    const outcome = { of: 0, equal: 0, largest: 0, reasons: new Map() };
    for (const [i, one] of cases[peer].entries()) await compare(one, answer.results[i], outcome);
    const explained = [...outcome.reasons].map(([reason, times]) => `${times}: ${reason}`);
    const rest = outcome.of - outcome.equal - [...outcome.reasons.values()].reduce((sum, times) => sum + times, 0);
    if (rest > 0) wrong.push(`${NAMES[peer]}: ${rest} of ${outcome.of}`);
    const differs = [...explained, ...(rest > 0 ? [`${rest}: not explained`] : [])].join('; ');
    rows.push(
      `| ${NAMES[peer]} ${answer.version} | ${WHAT[peer]} | ${outcome.equal} of ${outcome.of} | ${outcome.largest.toExponential(1)} | ${differs} |`,
    );
  }
  const text = `${RANDOM_TITLE}

\`npm run parity -- --random ${count} --python <python>\`, seed ${seed}: ${count} random series for each peer. Equal means every figure within 1e-9 (of
the money where a figure is near 0); "largest" is the largest difference of those that are equal.

| peer | compared | equal | largest | why the others differ |
|---|---|---:|---:|---|
${rows.join('\n')}
`;
  return { text, wrong };
}

const NAMES = { backtesting: 'backtesting.py', vectorbt: 'vectorbt', empyrical: 'empyrical', talib: 'TA-Lib' };
const WHAT = {
  backtesting: 'sma-cross, one or both sides, with and without a fee: trades (size, bars, prices, profit) and the equity at each bar',
  vectorbt: 'sma-cross, long only, with and without a fee: the equity at each bar',
  empyrical: 'sharpe, sortino, volatility, maxDrawdown, cagr, calmar, totalReturn of random returns, A = 252',
  talib: 'sma, ema, rsi, roc, stddev, atr, both bands of bollinger and donchian, warm-up included',
};

function casesOf(count, random) {
  const between = (least, most) => least + Math.floor(random() * (most - least + 1));
  const series = () => {
    const length = between(120, 500);
    const columns = { openTime: [], open: [], high: [], low: [], close: [], volume: [] };
    let price = 20 + random() * 100;
    for (let i = 0; i < length; i++) {
      // a gap now and then, as at night
      const open = price * (1 + (random() < 0.1 ? (random() - 0.5) * 0.04 : 0));
      price = open * (1 + (random() - 0.5) * 0.05);
      columns.openTime.push(Date.UTC(2024, 0, 1) + i * HOUR);
      columns.open.push(open);
      columns.high.push(Math.max(open, price) * (1 + random() * 0.01));
      columns.low.push(Math.min(open, price) * (1 - random() * 0.01));
      columns.close.push(price);
      columns.volume.push(between(1, 1000));
    }
    return columns;
  };
  const many = (make) => Array.from({ length: count }, make);
  const cross = () => {
    const fast = between(2, 12);
    return { ...series(), fast, slow: fast + between(1, 20), fee: [0, 0.001, 0.002][between(0, 2)], cash: CASH };
  };
  return {
    backtesting: many(() => ({ ...cross(), side: random() < 0.5 ? 'long' : 'both' })),
    vectorbt: many(cross),
    empyrical: many(() => ({ returns: Array.from({ length: between(2, 400) }, () => (random() < 0.2 ? 0 : (random() - 0.48) * 0.06)) })),
    talib: many(() => ({ ...series(), period: between(2, 30) })),
  };
}

function askPeers(python, cases) {
  const folder = mkdtempSync(path.join(tmpdir(), 'predictlab-parity-'));
  try {
    const file = path.join(folder, 'cases.json');
    writeFileSync(file, JSON.stringify(cases));
    const answer = execFileSync(python, [path.join(ROOT, 'scripts/parity/peers.py'), file], {
      encoding: 'utf8',
      maxBuffer: 2 ** 30,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return JSON.parse(answer);
  } catch (error) {
    throw new SetUpError(`${python} cannot run the peers (${error.message.split('\n')[0]}); give a Python 3 with --python`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const seriesOf = ({ openTime, open, high, low, close, volume }) => ({
  length: open.length,
  ...Object.fromEntries(
    Object.entries({ openTime, open, high, low, close, volume }).map(([name, values]) => [name, Float64Array.from(values)]),
  ),
});

const numberOf = (value) => (value === null ? Number.NaN : Number(value));

/** The difference relative to the peer's value, or to `scale` when that value is close to 0. */
function difference(ours, theirs, scale = 1) {
  if (ours.length !== theirs.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < ours.length; i++) {
    const expected = numberOf(theirs[i]);
    if (Number.isNaN(ours[i]) && Number.isNaN(expected)) continue;
    const off = ours[i] === expected ? 0 : Math.abs(ours[i] - expected) / Math.max(Math.abs(expected), scale);
    if (!(off <= largest)) largest = Number.isNaN(off) ? Number.POSITIVE_INFINITY : off;
  }
  return largest;
}

function count(outcome, off, reason) {
  outcome.of++;
  if (off <= LIMIT) {
    outcome.equal++;
    outcome.largest = Math.max(outcome.largest, off);
  } else if (reason !== undefined) outcome.reasons.set(reason, (outcome.reasons.get(reason) ?? 0) + 1);
}

async function trade({ fast, slow, fee, ...one }, options) {
  const { runBacktest } = await built('backtest/run-backtest.js');
  const { smaCross } = await built('backtest/strategies/shipped.js');
  const { plainMarket } = await built('backtest/engine/market.js');
  return runBacktest({
    candles: seriesOf(one),
    strategy: smaCross,
    params: { fast, slow },
    market: plainMarket('asset', { model: 'flat', rate: fee }),
    options: { cash: CASH, proofCuts: 0, maxVolumeShare: null, ...options },
  });
}

const COMPARISONS = {
  async backtesting(one, theirs, outcome) {
    const { trades, equity } = await trade(one, { side: one.side, wholeUnits: true, backtestingPy: 'next-open' });
    const column = (of) => trades.map(of);
    const sizes = column(({ side, size }) => (side === 'long' ? size : -size));
    const fields = [
      [sizes, theirs.size],
      [column(({ entryBar }) => entryBar), theirs.entryBar],
      [column(({ exitBar }) => exitBar), theirs.exitBar],
      [column(({ entryPrice }) => entryPrice), theirs.entryPrice],
      [column(({ exitPrice }) => exitPrice), theirs.exitPrice],
      [column(({ pnl }) => pnl), theirs.pnl, CASH],
      [[...equity], theirs.equity],
    ];
    const off = Math.max(...fields.map(([ours, peer, scale]) => difference(ours, peer, scale)));
    const before = difference([...equity].slice(0, -1), theirs.equity.slice(0, -1));
    const lastRowOnly = off === difference([...equity], theirs.equity) && before <= LIMIT;
    const reason =
      lastRowOnly && (await decidesAtTheEnd(one)) ? 'the last equity alone: theirs fills what is decided at the last close' : undefined;
    count(outcome, off, reason && `${reason} at the open of that same bar, ours never does`);
  },
  async vectorbt(one, theirs, outcome) {
    const { equity } = await trade(one, {});
    // the peer marks an open position at the end; ours closes it and pays the fee
    count(outcome, difference([...equity].slice(0, -1), theirs.equity.slice(0, -1)));
  },
  async empyrical({ returns }, theirs, outcome) {
    const { measureReturns } = await built('backtest/metrics/return-metrics.js');
    const time = Float64Array.from(returns, (_, i) => i * 86_400_000);
    const { values, reasons } = measureReturns({ time, returns: Float64Array.from(returns) }, { periodsPerYear: 252 });
    for (const [metric, peer] of Object.entries(theirs)) {
      const ours = values[metric];
      const off = ours === null ? Number.POSITIVE_INFINITY : difference([ours], [peer], 1e-6);
      count(outcome, off, ours === null ? `ours is null (${reasons[metric]}), theirs ${peer ?? 'NaN'}` : undefined);
    }
  },
  async talib({ period, ...one }, theirs, outcome) {
    const { indicatorValues } = await built('backtest/indicators/registry.js');
    const candles = seriesOf(one);
    for (const [name, peer] of Object.entries(theirs)) {
      const [indicator, band] = name.split(' ');
      const values = indicatorValues(indicator, candles, { period, deviations: 2 });
      const ours = band === undefined ? values : values[band];
      count(outcome, difference([...ours], peer, 1));
    }
  },
};

/** Decisions at the last close: the peer fills them at the open of the same bar and marks them; ours never fills them. */
async function decidesAtTheEnd({ fast, slow, ...one }) {
  const { sma } = await built('backtest/indicators/indicators.js');
  const close = Float64Array.from(one.close);
  const [quick, steady] = [sma(close, fast), sma(close, slow)];
  const apart = (bar) => quick[bar] - steady[bar];
  return apart(close.length - 2) * apart(close.length - 1) < 0;
}
