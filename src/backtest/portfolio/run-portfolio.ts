import { badInput } from '../../contracts/errors.ts';
import { DAY_MS } from '../../contracts/words.ts';
import type { BacktestData } from '../engine/backtest-data.ts';
import { type Decisions, decisionsOf } from '../engine/decisions.ts';
import { barsByClose } from '../engine/market.ts';
import type { BacktestOptions } from '../engine/options.ts';
import { type SpreadCounts, spreadsTogether } from '../engine/trading/half-spread.ts';
import { independentEvents, positionsOf } from '../engine/trading/positions.ts';
import { curveMetrics, DAYS_PER_YEAR, dailyReturns, PERIODS_PER_YEAR, turnover } from '../metrics/curve-metrics.ts';
import { type BacktestMetrics, separate } from '../metrics/measured.ts';
import { momentsOf, sharpeError } from '../metrics/ratios.ts';
import { type Reliability, type Sample, weakMetrics } from '../metrics/sample.ts';
import { type Certificate, combinedCertificate } from '../proof/certificate.ts';
import type { StoredTrade } from '../record/curve-columns.ts';
import { certify, type Trial } from '../run-backtest.ts';
import { buyAndHold } from '../strategies/shipped.ts';
import type { Strategy } from '../strategy.ts';
import {
  limitProblems,
  type MarketTrading,
  type PortfolioCurve,
  type PortfolioLimits,
  type PortfolioTrading,
  tradePortfolio,
} from './trade-portfolio.ts';

export interface PortfolioMarket {
  readonly name: string;
  readonly data: BacktestData;
  readonly options: BacktestOptions;
  /** A separate copy of the strategy, which cannot remember other markets. @default the portfolio's strategy */
  readonly strategy?: Strategy;
}

/** A trade in one market of a portfolio; times are the open times of its bars, UTC epoch milliseconds. */
export interface PortfolioTrade extends StoredTrade {
  readonly market: string;
}

export interface PortfolioResult extends PortfolioMeasurement, Certificate {
  /** The result of each market, in the order given. */
  readonly markets: readonly (Omit<MarketTrading, 'trades' | 'notional'> & {
    readonly market: string;
    readonly pnl: number;
    readonly fees: number;
    /** Number of positions; a position closed in parts counts once. */
    readonly trades: number;
  })[];
  /** Fills in all markets by the source of their half-spread. */
  readonly spreads: SpreadCounts;
  /** All trades, sorted by entry time and then by the order of the markets. */
  readonly trades: readonly PortfolioTrade[];
  /** Net profit of each position that was fully closed or settled, by the time it ended, then in the order of the markets. */
  readonly closed: readonly number[];
  readonly curve: PortfolioCurve;
  /** The result of buying each market at its second bar and holding it, within the same limits. */
  readonly benchmark: PortfolioMeasurement;
}

/**
 * Trades one strategy in several markets from one account: decides each market separately; money, limits and settlements are shared.
 * @throws PredictLabError BadInput for invalid limits, shorts of assets, bars that overlap, and strategies that use orders or their
 *   situation
 */
export function runPortfolio(
  markets: readonly PortfolioMarket[],
  { strategy, params }: Trial,
  { cash, limits }: { readonly cash: number; readonly limits: PortfolioLimits },
): PortfolioResult {
  const problems = limitProblems(limits);
  if (markets.length === 0) problems.push('a portfolio needs at least one market');
  if (markets.some(({ data, options }) => data.market.kind === 'asset' && options.side === 'both'))
    problems.push(
      'a portfolio cannot sell assets short, since a short of an asset can owe money; use --side long, or --market probability',
    );
  const overlap = overlapOf(markets);
  if (overlap !== undefined) problems.push(overlap);
  if (problems.length > 0) throw badInput(problems.join('; '));
  const trialOn = (market: PortfolioMarket): Trial => ({ strategy: market.strategy ?? strategy, params });
  const decide = (trialOf: (market: PortfolioMarket) => Trial) => markets.map((market) => wordsOf(market, trialOf(market)));
  const trade = (decided: readonly Decisions[]) =>
    tradePortfolio(
      markets.map(({ data, options }, index) => ({ ...data, options, codes: decided[index].codes })),
      cash,
      limits,
    );
  const decisions = decide(trialOn);
  const trading = trade(decisions);
  // bars after a market's close add no evidence
  const lastBar = Math.max(
    ...markets.map(({ data: { candles, market } }) => candles.openTime[Math.max(1, barsByClose(candles.openTime, market)) - 1]),
  );
  const traded = markets.map(({ name, data: { candles, market } }) => ({ event: market.event ?? name, openTime: candles.openTime }));
  const trades = trading.markets.flatMap((market, index) => {
    const { openTime } = markets[index].data.candles;
    return market.trades.map(
      ({ entryBar, exitBar, ...rest }): PortfolioTrade => ({
        market: markets[index].name,
        entryTime: openTime[entryBar],
        exitTime: openTime[exitBar],
        ...rest,
      }),
    );
  });
  return {
    ...measurePortfolio(trading, traded, cash, lastBar),
    closed: trading.markets
      .flatMap(({ trades: own }, index) => {
        const { openTime } = markets[index].data.candles;
        return positionsOf(own).positions.map(({ pnl, exitBar }) => ({ pnl, at: openTime[exitBar] }));
      })
      .sort((a, b) => a.at - b.at)
      .map(({ pnl }) => pnl),
    markets: trading.markets.map(({ trades: own, notional: _, ...counts }, index) => ({
      market: markets[index].name,
      pnl: own.reduce((sum, { pnl }) => sum + pnl, 0),
      fees: own.reduce((sum, { fees }) => sum + fees, 0),
      trades: positionsOf(own).count,
      ...counts,
    })),
    spreads: spreadsTogether(trading.markets.map(({ spreads }) => spreads)),
    trades: trades.sort((a, b) => a.entryTime - b.entryTime),
    curve: trading.curve,
    ...combinedCertificate(
      strategy.name,
      markets.map((one, index) => certify(one.data, trialOn(one), one.options, decisions[index])),
      // `events` holds for each market the index of the first market of the same event: which metrics are weak depends on it
      { portfolio: limits, cash, events: traded.map(({ event }) => traded.findIndex((other) => other.event === event)) },
    ),
    benchmark: measurePortfolio(trade(decide(() => ({ strategy: buyAndHold, params: {} }))), traded, cash, lastBar),
  };
}

/** The strategy's decisions in one market, all of them signals. @throws PredictLabError BadInput for orders and reads of the situation */
function wordsOf({ name, data, options }: PortfolioMarket, trial: Trial): Decisions {
  const { candles, market, indicators, barMs, twin } = data;
  const decisions = decisionsOf({ ...trial, candles, market, options, barMs, twin, cache: indicators });
  if (!decisions.looked && decisions.orders.size === 0) return decisions;
  throw badInput(
    `${name}: strategy '${trial.strategy.name}' ${decisions.looked ? 'reads its situation' : 'returns orders'}, which need an account for one market; a portfolio accepts strategies that only return long, short, flat or hold`,
  );
}

/** Error text for a bar that opens inside another market's bar: it would use that bar's close and money before they exist. */
function overlapOf(markets: readonly PortfolioMarket[]): string | undefined {
  const spans = markets.map(({ name, data }) => ({ name, ...data }));
  for (const long of spans) {
    for (const other of spans) {
      let bar = 0;
      for (let i = 0; i < other.candles.length; i++) {
        const at = other.candles.openTime[i];
        while (bar + 1 < long.candles.length && long.candles.openTime[bar + 1] <= at) bar++;
        const open = long.candles.openTime[bar];
        if (at > open && at < open + long.barMs)
          return `a bar of ${other.name} opens at ${new Date(at).toISOString()}, inside a bar of ${long.name} that opens at ${new Date(open).toISOString()} and has not closed; give all markets candles of one interval (predictlab candles --interval)`;
      }
    }
  }
  return undefined;
}

/** Metrics of a portfolio's account, the same as for one market; `exposure` is the mean share of the equity that is in markets. */
type PortfolioMetrics = Omit<BacktestMetrics, 'brier' | 'logLoss' | 'deflatedSharpe'>;

interface PortfolioMeasurement extends Reliability {
  readonly metrics: PortfolioMetrics;
}

/**
 * Measures the trading of a portfolio. `exposure` is the mean share of the equity in markets, over the points of the curve.
 * @param traded event and open times of the bars of each market, in the order of `markets`
 * @param lastBar open time of the last bar of any market before its close, UTC epoch milliseconds; later days add no evidence
 */
function measurePortfolio(
  { curve, markets }: PortfolioTrading,
  traded: readonly { readonly event: string; readonly openTime: Float64Array }[],
  cash: number,
  lastBar: number,
): PortfolioMeasurement {
  const { time, equity } = curve;
  const returns = dailyReturns(cash, time, equity);
  const moments = momentsOf(returns);
  const days = (time[time.length - 1] - time[0]) / DAY_MS;
  const years = days / DAYS_PER_YEAR;
  const locked = Math.floor(time[time.length - 1] / DAY_MS) - Math.floor(lastBar / DAY_MS);
  const trades = markets.flatMap((market) => market.trades);
  const pnlOf = (end: string): number => trades.reduce((sum, trade) => (trade.end === end ? sum + trade.pnl : sum), 0);
  const positions = markets.map((market) => positionsOf(market.trades));
  const closed = positions.flatMap((of) => of.closed);
  const events = independentEvents(
    positions.flatMap((own, index) => {
      const { event, openTime } = traded[index];
      return own.positions.map(({ entryBar, exitBar, settled }) => ({ event, from: openTime[entryBar], to: openTime[exitBar], settled }));
    }),
  );
  const notional = markets.reduce((sum, market) => sum + market.notional, 0);
  const shares = equity.map((value, i) => (value > 0 ? 1 - curve.cash[i] / value : 0));
  const { values, reasons } = separate({
    ...curveMetrics({ start: cash, equity, moments, days: returns.length, years, closed }),
    trades: positions.reduce((sum, { count }) => sum + count, 0),
    exposure: shares.reduce((sum, share) => sum + share, 0) / shares.length,
    turnover: turnover({ notional, equity, years }),
    fees: trades.reduce((sum, { fees }) => sum + fees, 0),
    finalEquity: equity[equity.length - 1],
    settlementPnl: pnlOf('settlement'),
    markPnl: pnlOf('mark'),
  });
  const error = sharpeError(moments, PERIODS_PER_YEAR);
  const sample: Sample = { dailyReturns: returns.length, trades: closed.length, events, days: Math.floor(days * 100) / 100 };
  return {
    metrics: values,
    undefined: reasons,
    weak: weakMetrics(values, { ...sample, returns: sample.dailyReturns, locked, nonZero: moments.nonZero, unit: 'daily return' }),
    sample,
    standardErrors: { sharpe: typeof error === 'number' ? error : null },
  };
}
