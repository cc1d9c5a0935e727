import type { Order } from '../../strategy.ts';
import type { CandleSeries } from '../candle-series.ts';
import type { Account } from './account.ts';
import type { TradeEnd } from './trade.ts';

/**
 * What waits in the market between decisions: one order that wants to enter, or the stop and the target of what is held.
 *
 * All prices are of the first outcome; `side` mirrors them, so that a short's stop lies above. At a bar's open what the open has
 * passed fills there; inside the bar the stop goes first, since nobody knows the way that prices took between open and close.
 */
export class RestingOrders {
  private readonly account: Account;
  private readonly candles: CandleSeries;
  private readonly barMs: number;
  private readonly closesAt: number;
  private entry: { readonly order: Order; readonly side: 1 | -1; readonly limit: number | undefined } | undefined;
  /** NaN = none. */
  private stop = Number.NaN;
  private target = Number.NaN;
  /** The stop was met where nobody can trade: counted once, and tried again. */
  private stopRefused = false;
  /** A stop that the volume cap held back goes on at the next opens, at whatever price. */
  private stopped = false;

  /** @param closesAt when the market closes; of the bar in which it does only the open can be traded on */
  constructor(account: Account, candles: CandleSeries, barMs: number, closesAt: number) {
    this.account = account;
    this.candles = candles;
    this.barMs = barMs;
    this.closesAt = closesAt;
  }

  /** Takes a new order instead of the one that waits; for the side that is held it only moves the stop and the target. */
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

  /** A word was said instead: nothing waits to enter any more. */
  withdraw(): void {
    this.entry = undefined;
    this.stopped = false;
  }

  /** The market has closed, or the order's time is over. */
  expire(): void {
    if (this.entry !== undefined) this.account.refuse('expired');
    this.entry = undefined;
  }

  /** What was held is gone, or held for another reason: it has neither stop nor target. */
  unprotect(): void {
    this.stop = Number.NaN;
    this.target = Number.NaN;
    this.stopRefused = false;
    this.stopped = false;
  }

  /** The rest of what leaves cannot be traded at this open; its stop waits on. */
  giveUp(): void {
    this.stopRefused ||= this.stopped;
    this.stopped = false;
  }

  /** Whether a stop has been met of which a part is still held. */
  mustLeave(): boolean {
    return this.stopped;
  }

  /** Why the rest of what is held leaves. */
  get leaving(): TradeEnd {
    return this.stopped ? 'stop' : 'signal';
  }

  /** Fills what the open allows: first what was decided, then what protects it. */
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

  /** Fills what the bar allowed between its open and its close. */
  withinBar(bar: number): void {
    const { account } = this;
    const { side } = account;
    if (this.candles.openTime[bar] + this.barMs > this.closesAt) return;
    if (this.entry !== undefined) {
      if (side === 0) this.enterWithin(bar);
      return;
    }
    if (side === 0 || this.stopped) return;
    if (side * (this.worst(bar, side) - this.stop) <= 0) {
      // a stop that the open has passed fills there or not at all: nobody sold at its price after the gap
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
    // of a bar in which it expires only the open is known to be in time
    if (order.expires !== undefined && order.expires < candles.openTime[bar] + this.barMs) return;
    if (!isThrough(side * (limit - account.execution.bestPrice(this.worst(bar, side), side, true)))) return;
    account.enterAt(side, limit, { share: order.size, maker: true });
    this.entered(order, side);
    // the price came down through the limit, so a stop below it was met afterwards; a target above it perhaps before
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

  /** The bar's price that is worst for what is held, and cheapest for who enters. */
  private worst(bar: number, side: 1 | -1): number {
    return side > 0 ? this.candles.low[bar] : this.candles.high[bar];
  }

  private best(bar: number, side: 1 | -1): number {
    return side > 0 ? this.candles.high[bar] : this.candles.low[bar];
  }
}

/** Whether a price has gone past that of an order that waits: at its very price others were there first. */
const isThrough = (past: number): boolean => past > ROUNDING;

/** What binary fractions may add to a decimal. */
const ROUNDING = 1e-12;
