import { type FeeModel, feeModel, makerFeeModel } from '../../../market/fees.ts';
import type { CandleSeries } from '../candle-series.ts';
import type { Market } from '../market.ts';
import type { BacktestOptions, Sizing } from '../options.ts';
import { type Execution, executionOf } from './execution.ts';
import type { SpreadSource } from './half-spread.ts';
import { LONG, SHORT, type Trade, type TradeEnd, type Unfilled } from './trade.ts';

/** Share of the cash that sizing uses, just below 1, so that rounding never overdraws the account (backtesting.py's rule). */
const ALL_CASH = 1 - 2 ** -52;

/** The cash and the single position of an account, and how fills change them. The trader decides when fills happen. */
export class Account {
  base: number;
  slope = 0;
  cash: number;
  /** Side of the position held: 1 = long, −1 = short, 0 = no position. */
  side: 1 | -1 | 0 = 0;
  notional = 0;
  cut = 0;
  readonly unfilled: Unfilled = {};
  readonly spreads: Partial<Record<SpreadSource, number>> = {};
  readonly trades: Trade[] = [];
  size = 0;
  private bar = 0;
  private entryBar = 0;
  /** Entry price of the position, as a price of the first outcome. */
  entryPrice = 0;
  /** Units that can still be filled in the present bar under the volume cap. */
  private room = Number.POSITIVE_INFINITY;
  private entryFees = 0;
  /** Whether the volume cap has delayed the exit of the present position. */
  private heldBack = false;
  private readonly volume: Float64Array;
  private readonly market: Market;
  readonly execution: Execution;
  private readonly fees: FeeModel;
  private readonly makerFees: FeeModel;
  private readonly sizing: Sizing;
  private readonly wholeUnits: boolean;
  private readonly maxVolumeShare: number;
  /** Whether a short position owes units, as with an asset; a probability market's short owns units of the other outcome. */
  private readonly owesShorts: boolean;

  constructor(candles: CandleSeries, market: Market, options: BacktestOptions, barMs: number) {
    this.cash = options.cash;
    this.base = options.cash;
    this.volume = candles.volume;
    this.market = market;
    this.execution = executionOf(market, options, candles, barMs);
    this.fees = feeModel(market.fees);
    this.makerFees = makerFeeModel(market.fees);
    this.sizing = options.sizing;
    this.wholeUnits = options.wholeUnits;
    this.maxVolumeShare = options.maxVolumeShare ?? Number.POSITIVE_INFINITY;
    this.owesShorts = market.kind === 'asset';
  }

  holds(): boolean {
    return this.side !== 0;
  }

  /** Updates `base` and `slope`: the account is worth base + slope·price of the first outcome, before exit fees. */
  private revalue(): void {
    this.slope = this.side * this.size;
    // a unit of the other outcome is worth 1 − price
    this.base = this.side < 0 && !this.owesShorts ? this.cash + this.size : this.cash;
  }

  /** Starts a bar: all fills in a bar share its volume. */
  startBar(bar: number): void {
    this.bar = bar;
    this.execution.startBar(bar);
    this.room = this.roomAt(bar);
  }

  /** Trades towards the wanted position at the present bar's open. Returns false while the volume cap delays part of an exit. */
  follow(wanted: number, open: number, end: TradeEnd = 'signal'): boolean {
    const target = sideOf(wanted);
    if (this.side === target) return true;
    if (this.side !== 0) {
      const left = this.exitFrom(open, end);
      if (left !== 'out') return left === 'refused';
    }
    if (target !== 0) this.enterFrom(target, open);
    return true;
  }

  /** Closes the position at the quoted price `from` less costs: fully, in part (volume cap), or not at all (no valid price). */
  exitFrom(from: number, end: TradeEnd): 'out' | 'held back' | 'refused' {
    const price = this.execution.fillPrice(from, this.side > 0 ? -1 : 1, false);
    if (Number.isNaN(price)) {
      this.refuse('beyondTick');
      return 'refused';
    }
    return this.exitAt(price, end) ? 'out' : 'held back';
  }

  /** Closes the position at exactly this price; false if the volume cap leaves a part open. @param maker whether a resting order fills */
  exitAt(price: number, end: TradeEnd, maker = false): boolean {
    const size = Math.min(this.size, this.room);
    if (size > 0) this.exit({ bar: this.bar, size, price, end, maker });
    // a change of side is two orders that share one bar's volume
    this.room -= size;
    return this.side === 0 || this.holdBack();
  }

  /** Enters a position at the quoted price `from` plus costs. @param share fraction of the cash to spend. @default the options' sizing */
  enterFrom(side: 1 | -1, from: number, share?: number): void {
    const price = this.execution.fillPrice(from, side, true);
    if (Number.isNaN(price)) this.refuse('beyondTick');
    else this.enterAt(side, price, { share });
  }

  /** Counts an order that does not fill, by reason. Always returns true: the order is done. */
  refuse(reason: keyof Unfilled): true {
    this.unfilled[reason] = (this.unfilled[reason] ?? 0) + 1;
    return true;
  }

  /** Counts a signal that can no longer be filled, unless the position is already the wanted one. */
  expire(wanted: number): void {
    if (this.side !== sideOf(wanted)) this.refuse('expired');
  }

  /** Counts an exit that the volume cap delays; the rest is filled at later bars. */
  private holdBack(): false {
    if (!this.heldBack) this.refuse('heldBack');
    this.heldBack = true;
    return false;
  }

  /** Closes the whole position at the last close, even beyond the volume cap. Returns false if no trade is possible at that price. */
  leaveAtEnd(bar: number, close: number): boolean {
    this.execution.startBar(bar);
    const price = this.execution.fillPrice(close, this.side > 0 ? -1 : 1, false);
    if (Number.isNaN(price)) return !this.refuse('beyondTick');
    if (this.size > (this.bar === bar ? this.room : this.roomAt(bar))) this.holdBack();
    this.leave(bar, price, 'end');
    return true;
  }

  leave(bar: number, price: number, end: TradeEnd): void {
    this.exit({ bar, size: this.size, price, end });
  }

  /** Ends a probability market's position: paid out without fee or slippage if the market has resolved, else recorded at `lastPrice`. */
  settleAt(bar: number, lastPrice: number): void {
    const { resolution } = this.market;
    const settled = resolution.kind === 'settled';
    const first = settled ? resolution.payout : lastPrice;
    const paid = this.side > 0 ? first : 1 - first;
    const price = this.execution.heldPrice(this.entryPrice, this.side > 0 ? 1 : -1);
    const pnl = this.size * (paid - price) - this.entryFees;
    const end = settled ? 'settlement' : 'mark';
    this.record({ bar, size: this.size, price: this.side > 0 ? paid : 1 - paid, end }, pnl, this.entryFees);
    if (!settled) return;
    this.cash += this.size * paid;
    this.side = 0;
    this.revalue();
  }

  /** Enters a position at exactly this price, as far as the cash and the bar's volume allow. @param how.share @default the options' sizing */
  enterAt(
    side: 1 | -1,
    price: number,
    { share, maker = false }: { readonly share?: number | undefined; readonly maker?: boolean } = {},
  ): void {
    const model = maker ? this.makerFees : this.fees;
    const paid = this.execution.heldPrice(price, side);
    const budget = this.cash * ALL_CASH - model.rounding;
    const { sizing } = this;
    const part = share ?? (sizing.kind === 'fraction' ? sizing.fraction : 1);
    const affordable = (budget * part) / model.unitCost(paid);
    const most = share === undefined && sizing.kind === 'fixed' ? sizing.units : Number.POSITIVE_INFINITY;
    const wanted = this.units(Math.min(affordable, most));
    const size = this.units(Math.min(wanted, this.room));
    if (!(wanted > 0)) return;
    if (!(size > 0)) {
      this.refuse('noVolume');
      return;
    }
    if (size < wanted) this.cut++;
    if (!maker) this.countSpread();
    const fees = model.fee(size, paid);
    const value = size * paid;
    this.room -= size;
    this.cash += (side < 0 && this.owesShorts ? value : -value) - fees;
    this.notional += value;
    this.side = side;
    this.size = size;
    this.entryBar = this.bar;
    this.entryPrice = price;
    this.entryFees = fees;
    this.heldBack = false;
    this.revalue();
  }

  private countSpread(): void {
    const from = this.execution.spreadFrom();
    this.spreads[from] = (this.spreads[from] ?? 0) + 1;
  }

  private units(size: number): number {
    return this.wholeUnits ? Math.floor(size) : size;
  }

  private exit(fill: { bar: number; size: number; price: number; end: TradeEnd; maker?: boolean }): void {
    const side = this.side === 1 ? 1 : -1;
    const paid = this.execution.heldPrice(fill.price, side);
    const value = fill.size * paid;
    const exitFees = (fill.maker === true ? this.makerFees : this.fees).fee(fill.size, paid);
    const entryFees = this.entryFees * (fill.size / this.size);
    if (fill.maker !== true) this.countSpread();
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

  /** Units that can be filled in a bar under the volume cap; no cap if the volume is unknown. */
  private roomAt(bar: number): number {
    const volume = this.volume[bar];
    return Number.isNaN(volume) || this.maxVolumeShare === Number.POSITIVE_INFINITY
      ? Number.POSITIVE_INFINITY
      : volume * this.maxVolumeShare;
  }
}

const sideOf = (wanted: number): 1 | -1 | 0 => (wanted === LONG ? 1 : wanted === SHORT ? -1 : 0);
