import type { Order } from '../../strategy.ts';
import type { CandleSeries } from '../candle-series.ts';
import { type DecisionLog, FLAT, HOLD, ORDER, SHORT } from '../decision-log.ts';
import type { Market } from '../market.ts';
import type { BacktestOptions } from '../options.ts';
import { Account } from './account.ts';
import { RestingOrders } from './resting-orders.ts';
import type { Simulation } from './trade.ts';

/**
 * Trades a series bar by bar, as far as decisions have been made: a strategy that looks at its situation learns where trading has
 * come to, everybody else's decisions are traded in one go.
 */
export class Trader {
  readonly account: Account;
  private readonly candles: CandleSeries;
  private readonly decisions: DecisionLog;
  private readonly market: Market;
  private readonly options: BacktestOptions;
  private readonly barMs: number;
  private readonly equity: Float64Array;
  private readonly closesAt: number;
  /** The next bar to trade. */
  private next = 0;
  /** What a word asked for and did not get yet. */
  private wanted = HOLD;
  private barsHeld = 0;
  private ruined = false;
  private resting: RestingOrders | undefined;

  /** @param input.barMs how long a bar lasts; milliseconds */
  constructor(input: {
    readonly candles: CandleSeries;
    readonly decisions: DecisionLog;
    readonly market: Market;
    readonly options: BacktestOptions;
    readonly barMs: number;
  }) {
    const { candles, decisions, market, options, barMs } = input;
    this.account = new Account(candles, market, options);
    this.candles = candles;
    this.decisions = decisions;
    this.market = market;
    this.options = options;
    this.barMs = barMs;
    this.equity = new Float64Array(candles.length);
    this.closesAt = market.closesAt ?? Number.POSITIVE_INFINITY;
  }

  /** Trades on to the close of a bar; the decisions of all bars before it are made. */
  tradeTo(bar: number): void {
    // what only words have asked for does not pay for orders
    if (this.decisions.orders.size === 0) this.tradeWords(bar);
    else while (this.next <= bar && this.next < this.candles.length) this.tradeOrders(this.next);
  }

  /** What the account is worth at the close of a bar that has been traded. */
  equityAt(bar: number): number {
    return this.equity[bar];
  }

  /**
   * Trades the rest of the series, and ends what is held then.
   *
   * @param leaves true: it is closed, since the series is a part of a longer one. @default an asset is closed, a market is not
   */
  finish(leaves?: boolean): Simulation {
    const { account, candles, equity, options } = this;
    const { close, open, length } = candles;
    const last = length - 1;
    this.tradeTo(last);
    // a market that has closed had no bar any more at which what was decided last could fill, however long before its close that was
    if (!this.ruined && leaves !== true && Number.isFinite(this.closesAt)) {
      this.hear(last);
      this.expire();
    }
    const lastMark = equity[last];
    if (account.holds()) {
      const onClose = options.backtestingPy === 'trade-on-close';
      if (options.backtestingPy !== 'off') account.leave(onClose ? last - 1 : last, onClose ? close[last - 1] : open[last], 'end');
      else if (!(leaves ?? this.market.kind === 'asset') || !account.leaveAtEnd(last, close[last])) account.settleAt(last, close[last]);
      equity[last] = account.base + account.slope * close[last];
    }
    const { trades, notional, cut, unfilled } = account;
    return { trades, equity, barsHeld: this.barsHeld, lastMark, notional, cut, unfilled };
  }

  private tradeWords(to: number): void {
    const { account, closesAt, equity } = this;
    const { openTime, open, close, length } = this.candles;
    const { codes } = this.decisions;
    const shorts = this.options.side === 'both';
    // what was bought owes nothing: an outcome whose price is 0 may still win
    const owes = this.market.kind === 'asset';
    const onClose = this.options.backtestingPy === 'trade-on-close';
    const end = Math.min(to, length - 1);
    let { wanted, barsHeld, next } = this;
    while (next <= end) {
      const decision = next > 0 ? codes[next - 1] : HOLD;
      if (decision !== HOLD) wanted = decision === SHORT && !shorts ? FLAT : decision;
      if (wanted !== HOLD && openTime[next] < closesAt) {
        account.begin(onClose ? next - 1 : next);
        const done = account.follow(wanted, onClose ? close[next - 1] : open[next]);
        // only the rest of an exit that the volume cap held back is tried again
        if (done) wanted = HOLD;
      } else if (wanted !== HOLD) {
        account.expire(wanted);
        wanted = HOLD;
      }
      const { base, slope } = account;
      // until something is decided, only the price moves; what is still wanted is tried again at the next bar
      const until = wanted === HOLD ? end : next;
      do {
        const worth = base + slope * close[next];
        equity[next] = worth;
        if (slope !== 0) {
          barsHeld++;
          if (worth <= 0 && owes) next = this.ruin(next);
        }
        next++;
      } while (next <= until && codes[next - 1] === HOLD);
    }
    this.wanted = wanted;
    this.barsHeld = barsHeld;
    this.next = next;
  }

  private tradeOrders(bar: number): void {
    const { account, candles } = this;
    if (bar > 0) this.hear(bar - 1);
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

  /** Takes what was decided at the close of a bar. */
  private hear(bar: number): void {
    const { codes, orders } = this.decisions;
    const decision = codes[bar];
    if (decision === ORDER) this.take(orders.get(bar) as Order, this.orders());
    else if (decision !== HOLD) {
      this.wanted = decision === SHORT && this.options.side !== 'both' ? FLAT : decision;
      this.resting?.withdraw();
    }
  }

  /** The market has closed: nothing is filled any more. */
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
    account.begin(bar);
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

  /** Equity at or below zero ends the trading with nothing. @returns the last bar: there is nothing more to trade */
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
 * Trades a series on decisions made at each bar's close: fills at the next bar's open, one position at a time, no borrowing.
 *
 * - long buys the first outcome (or the asset); short sells an asset short, or buys a probability market's other outcome;
 * - a flip closes and opens at the same open; a decision on the last bar never fills;
 * - an order whose price nobody can trade at, or for which the bar has no volume left, dies and is counted;
 * - an order that would fill at or after the market's close dies, and is counted: what is held then stays locked until settlement;
 * - an asset's last position is closed at the last close, paying what every exit pays; a probability market's is settled or marked;
 * - equity at or below zero (shorts of assets) ends the trading: the position is closed there and nothing is left.
 *
 * What orders with a limit, a stop or a target do is {@link Trader}'s.
 *
 * @param leaves whether what is held in the end is closed in a probability market, too: the series is a part of a longer one
 */
export function simulate(
  candles: CandleSeries,
  decisions: DecisionLog,
  { market, options, barMs }: { readonly market: Market; readonly options: BacktestOptions; readonly barMs: number },
  leaves?: boolean,
): Simulation {
  return new Trader({ candles, decisions, market, options, barMs }).finish(leaves);
}
