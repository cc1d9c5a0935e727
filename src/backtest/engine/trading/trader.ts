import type { Order } from '../../strategy.ts';
import type { CandleSeries } from '../candle-series.ts';
import type { Market } from '../market.ts';
import type { BacktestOptions } from '../options.ts';
import { Account } from './account.ts';
import { RestingOrders } from './resting-orders.ts';
import { type DecisionLog, FLAT, HOLD, ORDER, SHORT, type Simulation } from './trade.ts';

/** Executes decisions bar by bar, as far as they are made: a strategy that reads its situation needs the account at the present bar. */
export class Trader {
  readonly account: Account;
  private readonly candles: CandleSeries;
  private readonly decisions: DecisionLog;
  private readonly market: Market;
  private readonly options: BacktestOptions;
  private readonly barMs: number;
  private readonly equity: Float64Array;
  private readonly closesAt: number;
  private next = 0;
  /** The signal that has not been filled yet; HOLD = none. */
  private wanted = HOLD;
  private barsHeld = 0;
  private ruined = false;
  private resting: RestingOrders | undefined;

  constructor(input: {
    readonly candles: CandleSeries;
    readonly decisions: DecisionLog;
    readonly market: Market;
    readonly options: BacktestOptions;
    readonly barMs: number;
  }) {
    const { candles, decisions, market, options, barMs } = input;
    this.account = new Account(candles, market, options, barMs);
    this.candles = candles;
    this.decisions = decisions;
    this.market = market;
    this.options = options;
    this.barMs = barMs;
    this.equity = new Float64Array(candles.length);
    this.closesAt = market.closesAt ?? Number.POSITIVE_INFINITY;
  }

  /** Trades up to the close of a bar; requires the decisions of all earlier bars. */
  tradeTo(bar: number): void {
    // a series without orders takes the faster path
    if (this.decisions.orders.size === 0) this.tradeWords(bar);
    else while (this.next <= bar && this.next < this.candles.length) this.tradeOrders(this.next);
  }

  equityAt(bar: number): number {
    return this.equity[bar];
  }

  /** Executes the remaining decisions and ends the last position. @param closeAtEnd whether at the last close. @default for assets only */
  finish(closeAtEnd?: boolean): Simulation {
    const { account, candles, equity, options } = this;
    const { close, open, length } = candles;
    const last = length - 1;
    this.tradeTo(last);
    // a closed market has no later bar at which the last decision could fill, even if it was made long before the close
    if (!this.ruined && closeAtEnd !== true && Number.isFinite(this.closesAt)) {
      this.takeDecision(last);
      this.expire();
    }
    const lastMark = equity[last];
    if (account.holds()) {
      const onClose = options.backtestingPy === 'trade-on-close';
      if (options.backtestingPy !== 'off') account.leave(onClose ? last - 1 : last, onClose ? close[last - 1] : open[last], 'end');
      else if (!(closeAtEnd ?? this.market.kind === 'asset') || !account.leaveAtEnd(last, close[last])) account.settleAt(last, close[last]);
      equity[last] = account.base + account.slope * close[last];
    }
    const { trades, notional, cut, unfilled, spreads } = account;
    return { trades, equity, barsHeld: this.barsHeld, lastMark, notional, cut, unfilled, spreads };
  }

  private tradeWords(to: number): void {
    const { account, closesAt, equity } = this;
    const { openTime, open, close, length } = this.candles;
    const { codes } = this.decisions;
    const shorts = this.options.side === 'both';
    // an asset's short that is worth nothing owes money and is ended; a position in an outcome at price 0 is kept, since it may still win
    const owes = this.market.kind === 'asset';
    const onClose = this.options.backtestingPy === 'trade-on-close';
    const end = Math.min(to, length - 1);
    let { wanted, barsHeld, next } = this;
    while (next <= end) {
      const decision = next > 0 ? codes[next - 1] : HOLD;
      if (decision !== HOLD) wanted = decision === SHORT && !shorts ? FLAT : decision;
      if (wanted !== HOLD && openTime[next] < closesAt) {
        account.startBar(onClose ? next - 1 : next);
        const done = account.follow(wanted, onClose ? close[next - 1] : open[next]);
        // a signal is tried again only if the volume cap delayed part of its exit
        if (done) wanted = HOLD;
      } else if (wanted !== HOLD) {
        account.expire(wanted);
        wanted = HOLD;
      }
      const { base, slope } = account;
      // skips to the next decision, since only the price changes until then; an unfilled signal is tried again at the next bar
      let until = next + 1;
      if (wanted === HOLD) while (until <= end && codes[until - 1] === HOLD) until++;
      if (slope === 0) {
        equity.fill(base, next, until);
        next = until;
      }
      for (; next < until; next++) {
        const worth = base + slope * close[next];
        equity[next] = worth;
        barsHeld++;
        if (worth <= 0 && owes) next = this.ruin(next);
      }
    }
    this.wanted = wanted;
    this.barsHeld = barsHeld;
    this.next = next;
  }

  private tradeOrders(bar: number): void {
    const { account, candles } = this;
    if (bar > 0) this.takeDecision(bar - 1);
    if (candles.openTime[bar] < this.closesAt) this.fill(bar, this.orders());
    else this.expire();
    const worth = account.base + account.slope * candles.close[bar];
    this.equity[bar] = worth;
    this.next = bar + 1;
    if (account.slope === 0) return;
    this.barsHeld++;
    if (worth <= 0 && this.market.kind === 'asset') this.next = this.ruin(bar) + 1;
  }

  private orders(): RestingOrders {
    return (this.resting ??= new RestingOrders(this.account, this.candles, this.barMs, this.closesAt));
  }

  private takeDecision(bar: number): void {
    const { codes, orders } = this.decisions;
    const decision = codes[bar];
    if (decision === ORDER) this.take(orders.get(bar) as Order, this.orders());
    else if (decision !== HOLD) {
      this.wanted = decision === SHORT && this.options.side !== 'both' ? FLAT : decision;
      this.resting?.withdraw();
    }
  }

  private expire(): void {
    if (this.wanted !== HOLD) this.account.expire(this.wanted);
    this.wanted = HOLD;
    this.resting?.expire();
  }

  private take(order: Order, resting: RestingOrders): void {
    const side = order.side === 'long' ? 1 : -1;
    if (side < 0 && this.options.side !== 'both') {
      this.wanted = FLAT;
      resting.withdraw();
      return;
    }
    this.wanted = HOLD;
    resting.take(order, side);
  }

  private fill(bar: number, resting: RestingOrders): void {
    const { account } = this;
    const open = this.candles.open[bar];
    account.startBar(bar);
    if (this.wanted !== HOLD) {
      const before = account.side;
      if (account.follow(this.wanted, open, resting.leaving)) {
        this.wanted = HOLD;
        resting.giveUp();
      }
      if (account.side !== before) resting.unprotect();
    }
    if (this.wanted === HOLD) resting.atOpen(bar);
    if (this.wanted === HOLD) resting.withinBar(bar);
    if (resting.mustLeave()) this.wanted = FLAT;
  }

  /** Ends trading because equity is at or below zero; the equity stays 0. @returns the last bar: no later bar is traded */
  private ruin(bar: number): number {
    const { account, equity } = this;
    this.ruined = true;
    account.leave(bar, this.candles.close[bar], 'ruin');
    account.cash = 0;
    equity.fill(0, bar);
    return this.candles.length - 1;
  }
}

/**
 * Trades decisions that were made at each bar's close: fills at the next bar's open, one position at a time, no borrowing.
 *
 * - long buys the first outcome (or the asset); short sells an asset short, or buys a probability market's other outcome;
 * - a flip closes and opens at the same open; a decision at the last bar never fills;
 * - an order whose price cannot be traded, or for which the bar has no volume left, is cancelled and counted;
 * - an order that would fill at or after the market's close is cancelled and counted: the position stays locked until settlement;
 * - an asset's last position is closed at the last close with the cost of an exit; a probability market's is settled or marked;
 * - equity at or below zero (shorts of assets) ends trading: the position is closed and equity stays 0.
 *
 * @param closeAtEnd whether a probability market's last position is closed too, because the series is a part of a longer one
 */
export function simulate(
  candles: CandleSeries,
  decisions: DecisionLog,
  { market, options, barMs }: { readonly market: Market; readonly options: BacktestOptions; readonly barMs: number },
  closeAtEnd?: boolean,
): Simulation {
  return new Trader({ candles, decisions, market, options, barMs }).finish(closeAtEnd);
}
