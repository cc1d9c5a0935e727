import { type FeeModel } from '../fees/fee-model.ts';
import { feeModel } from '../fees/fee-schedule.ts';
import type { CandleSeries } from './candle-series.ts';
import { FLAT, HOLD, LONG, SHORT } from './decisions.ts';
import { type Execution, executionOf } from './execution.ts';
import type { Market } from './market.ts';
import type { BacktestOptions, Sizing } from './options.ts';
import type { Trade, TradeEnd, Unfilled } from './result.ts';
import { settle } from './settlement.ts';

/** What trading on a strategy's decisions led to. */
export interface Simulation {
  readonly trades: readonly Trade[];
  /** One value a bar, marked at its close; the last one after settlement or the closing of what was held. */
  readonly equity: Float64Array;
  /** Bars at whose close a position was held. */
  readonly barsHeld: number;
  /** Equity at the last close, before what was held was settled or closed. */
  readonly lastMark: number;
  /** Sum of size·price over all fills; settlements are not fills. */
  readonly notional: number;
  /** Entries that the volume cap made smaller. */
  readonly cut: number;
  readonly unfilled: Readonly<Unfilled>;
}

/** As much as doubles below 1: the share of the cash that sizing uses, so that rounding never overdraws (backtesting.py's rule). */
const ALL_CASH = 1 - 2 ** -52;

/**
 * Trades a series on decisions made at each bar's close: fills at the next bar's open, one position at a time, no borrowing.
 *
 * - long buys the first outcome (or the asset); short sells an asset short, or buys a probability market's other outcome;
 * - a flip closes and opens at the same open; a decision on the last bar never fills;
 * - an order whose price nobody can trade at, or for which the bar has no volume left, dies and is counted;
 * - an order that would fill at or after the market's close dies: what is held then stays locked until settlement;
 * - an asset's last position is closed at the last close, paying what every exit pays; a probability market's is settled or marked;
 * - equity at or below zero (shorts of assets) ends the trading: the position is closed there and nothing is left.
 *
 * @param leaves whether what is held in the end is closed in a probability market, too: the series is a part of a longer one
 */
export function simulate(
  candles: CandleSeries,
  decisions: Uint8Array,
  market: Market,
  options: BacktestOptions,
  leaves = market.kind === 'asset',
): Simulation {
  const account = new Account(candles, market, options);
  const { openTime, close, length } = candles;
  const equity = new Float64Array(length);
  const shorts = options.side === 'both';
  const closesAt = market.closesAt ?? Number.POSITIVE_INFINITY;
  const onClose = options.backtestingPy === 'trade-on-close';
  let wanted = HOLD;
  let barsHeld = 0;
  for (let i = 0; i < length; i++) {
    if (wanted !== HOLD && openTime[i] < closesAt) {
      const done = onClose ? account.follow(wanted, i - 1, close[i - 1]) : account.follow(wanted, i, candles.open[i]);
      // only the rest of an exit that the volume cap held back is tried again
      if (done) wanted = HOLD;
    }
    const worth = account.base + account.slope * close[i];
    equity[i] = worth;
    if (account.slope !== 0) {
      barsHeld++;
      if (worth <= 0) {
        account.leave(i, close[i], 'ruin');
        equity.fill(0, i);
        break;
      }
    }
    const decision = decisions[i];
    if (decision !== HOLD) wanted = decision === SHORT && !shorts ? FLAT : decision;
  }
  const last = length - 1;
  const lastMark = equity[last];
  if (account.holds()) {
    if (options.backtestingPy !== 'off') account.leave(onClose ? last - 1 : last, onClose ? close[last - 1] : candles.open[last], 'end');
    else if (!leaves || !account.leaveAtEnd(last, close[last])) account.settleAt(last, close[last]);
    equity[last] = account.base + account.slope * close[last];
  }
  const { trades, notional, cut, unfilled } = account;
  return { trades, equity, barsHeld, lastMark, notional, cut, unfilled };
}

/** Cash and the one position. */
class Account {
  base: number;
  slope = 0;
  private cash: number;
  /** 1 long, −1 short, 0 nothing. */
  private side: 1 | -1 | 0 = 0;
  notional = 0;
  cut = 0;
  readonly unfilled: Unfilled = {};
  readonly trades: Trade[] = [];
  private size = 0;
  private entryBar = 0;
  /** Of the first outcome. */
  private entryPrice = 0;
  private entryFees = 0;
  /** The volume cap has held back the exit of what is held. */
  private heldBack = false;
  private readonly volume: Float64Array;
  private readonly market: Market;
  private readonly execution: Execution;
  private readonly fees: FeeModel;
  private readonly sizing: Sizing;
  private readonly wholeUnits: boolean;
  private readonly maxVolumeShare: number;
  /** A short of an asset owes units; everything else owns them. */
  private readonly owesShorts: boolean;

  constructor(candles: CandleSeries, market: Market, options: BacktestOptions) {
    this.cash = options.cash;
    this.base = options.cash;
    this.volume = candles.volume;
    this.market = market;
    this.execution = executionOf(market, options);
    this.fees = feeModel(market.fees);
    this.sizing = options.sizing;
    this.wholeUnits = options.wholeUnits;
    this.maxVolumeShare = options.maxVolumeShare ?? Number.POSITIVE_INFINITY;
    this.owesShorts = market.kind === 'asset';
  }

  holds(): boolean {
    return this.side !== 0;
  }

  /** The account is worth base + slope·price at a price of the first outcome, exit fees apart: one multiplication a bar. */
  private revalue(): void {
    this.slope = this.side * this.size;
    // a unit of the other outcome is worth 1 − price
    this.base = this.side < 0 && !this.owesShorts ? this.cash + this.size : this.cash;
  }

  /** Brings the position to what is wanted at a bar's open; false while the volume cap leaves part of an exit over. */
  follow(wanted: number, bar: number, open: number): boolean {
    const target = wanted === LONG ? 1 : wanted === SHORT ? -1 : 0;
    if (this.side === target) return true;
    let room = this.roomAt(bar);
    if (this.side !== 0) {
      const price = this.execution.fillPrice(open, this.side > 0 ? -1 : 1, false);
      if (Number.isNaN(price)) return this.refuse('beyondTick');
      const size = Math.min(this.size, room);
      if (size > 0) this.exit({ bar, size, price, end: 'signal' });
      if (this.holds()) return this.holdBack();
      // a flip is two orders on one bar's volume
      room -= size;
    }
    if (target === 0) return true;
    const price = this.execution.fillPrice(open, target, true);
    if (Number.isNaN(price)) return this.refuse('beyondTick');
    this.enter(bar, target, price, room);
    return true;
  }

  /** Counts an order that does not fill; there is nothing more to do for it. */
  private refuse(reason: keyof Unfilled): true {
    this.unfilled[reason] = (this.unfilled[reason] ?? 0) + 1;
    return true;
  }

  /** Counts an exit that the volume cap does not let out at once; it goes on at the next bar. */
  private holdBack(): false {
    if (!this.heldBack) this.refuse('heldBack');
    this.heldBack = true;
    return false;
  }

  /**
   * Closes the whole position at the last close, worse by what an exit pays. There is no later bar for what the volume cap would
   * hold back, so that is only counted. False where nobody can trade at the price.
   */
  leaveAtEnd(bar: number, close: number): boolean {
    const price = this.execution.fillPrice(close, this.side > 0 ? -1 : 1, false);
    if (Number.isNaN(price)) return !this.refuse('beyondTick');
    if (this.size > this.roomAt(bar)) this.holdBack();
    this.leave(bar, price, 'end');
    return true;
  }

  /** Closes the whole position at `price`, as it is. */
  leave(bar: number, price: number, end: TradeEnd): void {
    this.exit({ bar, size: this.size, price, end });
  }

  /** Ends a probability market's position: paid out where the market has resolved, else left as it is and listed at its mark. */
  settleAt(bar: number, lastPrice: number): void {
    const outcome = this.side > 0 ? 'first' : 'second';
    const price = this.execution.heldPrice(this.entryPrice, this.side === 1 ? 1 : -1);
    const settlement = settle({ outcome, size: this.size, price, fees: this.entryFees }, this.market.resolution, lastPrice);
    const settled = settlement.kind === 'settled';
    const paid = settled ? settlement.payout : settlement.price;
    this.record(
      { bar, size: this.size, price: outcome === 'first' ? paid : 1 - paid, end: settled ? 'settlement' : 'mark' },
      settlement.pnl,
      this.entryFees,
    );
    if (!settled) return;
    this.cash += this.size * paid;
    this.side = 0;
    this.revalue();
  }

  private enter(bar: number, side: 1 | -1, price: number, room: number): void {
    const paid = this.execution.heldPrice(price, side);
    const budget = this.cash * ALL_CASH - this.fees.rounding;
    const { sizing } = this;
    const affordable = (budget * (sizing.kind === 'fraction' ? sizing.fraction : 1)) / this.fees.unitCost(paid);
    const wanted = this.units(Math.min(affordable, sizing.kind === 'fixed' ? sizing.units : Number.POSITIVE_INFINITY));
    const size = this.units(Math.min(wanted, room));
    if (!(wanted > 0)) return;
    if (!(size > 0)) {
      this.refuse('noVolume');
      return;
    }
    if (size < wanted) this.cut++;
    const fees = this.fees.fee(size, paid);
    const value = size * paid;
    this.cash += (side < 0 && this.owesShorts ? value : -value) - fees;
    this.notional += value;
    this.side = side;
    this.size = size;
    this.entryBar = bar;
    this.entryPrice = price;
    this.entryFees = fees;
    this.heldBack = false;
    this.revalue();
  }

  private units(asked: number): number {
    return this.wholeUnits ? Math.floor(asked) : asked;
  }

  private exit(fill: { bar: number; size: number; price: number; end: TradeEnd }): void {
    const side = this.side === 1 ? 1 : -1;
    const paid = this.execution.heldPrice(fill.price, side);
    const value = fill.size * paid;
    const exitFees = this.fees.fee(fill.size, paid);
    const entryFees = this.entryFees * (fill.size / this.size);
    this.cash += (side < 0 && this.owesShorts ? -value : value) - exitFees;
    this.notional += value;
    const fees = entryFees + exitFees;
    this.record(fill, side * fill.size * (fill.price - this.entryPrice) - fees, fees);
    this.entryFees -= entryFees;
    this.size -= fill.size;
    if (this.size <= 0) this.side = 0;
    this.revalue();
  }

  private record(fill: { bar: number; size: number; price: number; end: TradeEnd }, pnl: number, fees: number): void {
    this.trades.push({
      entryBar: this.entryBar,
      exitBar: fill.bar,
      side: this.side > 0 ? 'long' : 'short',
      size: fill.size,
      entryPrice: this.entryPrice,
      exitPrice: fill.price,
      pnl,
      fees,
      end: fill.end,
    });
  }

  /** Units the bar's volume leaves for orders; unknown volume does not cap. */
  private roomAt(bar: number): number {
    const volume = this.volume[bar];
    return Number.isNaN(volume) || this.maxVolumeShare === Number.POSITIVE_INFINITY
      ? Number.POSITIVE_INFINITY
      : volume * this.maxVolumeShare;
  }
}
