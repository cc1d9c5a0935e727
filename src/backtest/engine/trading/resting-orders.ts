import type { Order } from '../../strategy.ts';
import { barLength, type CandleSeries, longestBar } from '../candle-series.ts';
import type { Account } from './account.ts';
import type { TradeEnd } from './trade.ts';

/**
 * Orders that wait in the market between decisions: one entry order, or the stop and the target of the position held. Prices are of the
 * first outcome on both sides, so that a short's stop is above the price. Orders whose price the open has passed fill at the open. Within a
 * bar the stop fills first, since the path of prices is unknown.
 */
export class RestingOrders {
  private readonly account: Account;
  private readonly candles: CandleSeries;
  private readonly longestMs: number;
  private readonly closesAt: number;
  private entry: { readonly order: Order; readonly side: 1 | -1; readonly limit: number | undefined } | undefined;
  /** Price of the stop; NaN if there is none. */
  private stop = Number.NaN;
  /** Price of the target; NaN if there is none. */
  private target = Number.NaN;
  /** Whether the stop was reached at a price that cannot be traded. It is tried again at each bar but counted as unfilled only once. */
  private stopRefused = false;
  /** Whether the volume cap delayed part of the exit at a stop; the rest fills at the next opens, at any price. */
  private stopped = false;

  /** @param closesAt close of the market; in the bar of the close only the open can be traded */
  constructor(account: Account, candles: CandleSeries, barMs: number, closesAt: number) {
    this.account = account;
    this.candles = candles;
    // `barMs` may be the measured length of the shortest bar; days with a change to or from daylight saving are longer
    const whole = candles.within?.candles ?? candles;
    this.longestMs = barMs === barLength(whole) ? longestBar(whole) : barMs;
    this.closesAt = closesAt;
  }

  /** Replaces the waiting order by a new one. An order for the side held only moves the stop and the target. */
  take(order: Order, side: 1 | -1): void {
    this.entry = undefined;
    this.stopped = false;
    if (this.account.side === side) {
      this.protect(order, side);
      return;
    }
    const limit = order.limit === undefined ? undefined : this.account.execution.limitPrice(order.limit, side);
    if (Number.isNaN(limit)) this.account.refuse('beyondTick');
    else this.entry = { order, side, limit };
  }

  /** Cancels the entry order because the strategy returned a signal instead. */
  withdraw(): void {
    this.entry = undefined;
    this.stopped = false;
  }

  /** Cancels the entry order because the market has closed or the order has expired. */
  expire(): void {
    if (this.entry !== undefined) this.account.refuse('expired');
    this.entry = undefined;
  }

  /** Removes the stop and the target because the position was closed or replaced. */
  unprotect(): void {
    this.stop = Number.NaN;
    this.target = Number.NaN;
    this.stopRefused = false;
    this.stopped = false;
  }

  /** Gives up the rest of a delayed exit because it cannot be traded at this open; the stop stays in place. */
  giveUp(): void {
    this.stopRefused ||= this.stopped;
    this.stopped = false;
  }

  /** Whether part of the position is still held after its stop was reached. */
  mustLeave(): boolean {
    return this.stopped;
  }

  /** The reason to record for closing the rest of the position: its stop, or a signal. */
  get leaving(): TradeEnd {
    return this.stopped ? 'stop' : 'signal';
  }

  /** Fills orders at a bar's open: first the entry order, then the stop or the target. */
  atOpen(bar: number): void {
    const open = this.candles.open[bar];
    this.enterAtOpen(bar, open);
    const { side } = this.account;
    if (side === 0 || this.entry !== undefined) return;
    if (side * (open - this.stop) <= 0) this.stopOut(open);
    else {
      const price = this.account.execution.fillPrice(open, -side as 1 | -1, false);
      if (side * (price - this.target) >= 0) this.reachTarget(price);
    }
  }

  withinBar(bar: number): void {
    const { account } = this;
    const { side } = account;
    if (this.candles.openTime[bar] + this.longestMs > this.closesAt) return;
    if (this.entry !== undefined) {
      if (side === 0) this.enterWithin(bar);
      return;
    }
    if (side === 0 || this.stopped) return;
    if (side * (this.worst(bar, side) - this.stop) <= 0) {
      // a stop that the open has passed fills at the open or not at all: after the gap nobody traded at the stop's price
      if (side * (this.candles.open[bar] - this.stop) > 0) this.stopOut(this.stop);
    } else if (isThrough(side * (account.execution.bestPrice(this.best(bar, side), -side as 1 | -1, false) - this.target)))
      this.reachTarget(this.target, true);
  }

  private enterAtOpen(bar: number, open: number): void {
    const { account, entry } = this;
    if (entry === undefined) return;
    const { order, side, limit } = entry;
    if (order.expires !== undefined && order.expires <= this.candles.openTime[bar]) return this.expire();
    if (account.side !== 0) {
      const left = account.exitFrom(open, 'signal');
      if (left === 'refused') this.entry = undefined;
      if (left !== 'out') return;
      this.unprotect();
    }
    if (limit === undefined) {
      account.enterFrom(side, open, order.size);
      return this.entered(order, side);
    }
    const price = account.execution.fillPrice(open, side, true);
    if (side * (limit - price) < 0 || Number.isNaN(price)) return;
    account.enterAt(side, price, { share: order.size });
    this.entered(order, side);
  }

  private enterWithin(bar: number): void {
    const { account, candles } = this;
    const { order, side, limit } = this.entry as { order: Order; side: 1 | -1; limit: number };
    // in the bar in which an order expires, only the open is known to be before the expiry
    if (order.expires !== undefined && order.expires < candles.openTime[bar] + this.longestMs) return;
    if (!isThrough(side * (limit - account.execution.bestPrice(this.worst(bar, side), side, true)))) return;
    account.enterAt(side, limit, { share: order.size, maker: true });
    this.entered(order, side);
    // the price fell through the limit, so a stop below it was reached afterwards; a target above it may have been reached before
    if (account.side !== 0 && side * (this.worst(bar, side) - this.stop) <= 0) this.stopOut(this.stop);
  }

  private entered(order: Order, side: 1 | -1): void {
    this.entry = undefined;
    this.unprotect();
    if (this.account.side !== 0) this.protect(order, side);
  }

  private protect(order: Order, side: 1 | -1): void {
    this.stop = order.stop ?? Number.NaN;
    this.target = order.target === undefined ? Number.NaN : this.account.execution.limitPrice(order.target, -side as 1 | -1);
    this.stopRefused = false;
    if (order.target !== undefined && Number.isNaN(this.target)) this.account.refuse('beyondTick');
  }

  private stopOut(at: number): void {
    const { account } = this;
    const price = account.execution.fillPrice(at, -account.side as 1 | -1, false);
    if (Number.isNaN(price)) {
      if (!this.stopRefused) account.refuse('beyondTick');
      this.stopRefused = true;
    } else if (account.exitAt(price, 'stop')) this.unprotect();
    else this.stopped = true;
  }

  private reachTarget(price: number, maker = false): void {
    if (this.account.exitAt(price, 'target', maker)) this.unprotect();
  }

  /** The bar's worst price for a position on this side, which is the best price for an entry. */
  private worst(bar: number, side: 1 | -1): number {
    return side > 0 ? this.candles.low[bar] : this.candles.high[bar];
  }

  private best(bar: number, side: 1 | -1): number {
    return side > 0 ? this.candles.high[bar] : this.candles.low[bar];
  }
}

/** Whether the market has traded past an order's price: at exactly that price, earlier orders of others fill first. */
const isThrough = (past: number): boolean => past > ROUNDING;

/** Tolerance for the rounding error of decimals in binary floating point. */
const ROUNDING = 1e-12;
