import type { CandleSeries } from '../engine/candle-series.ts';
import { FLAT, HOLD, LONG, SHORT } from '../engine/decision-log.ts';
import { type Market, paysAt } from '../engine/market.ts';
import type { BacktestOptions } from '../engine/options.ts';
import { Account } from '../engine/trading/account.ts';
import type { Trade, Unfilled } from '../engine/trading/trade.ts';
import type { PortfolioLimits } from './limits.ts';

/** A market of a portfolio, with what was decided at the close of each of its bars. */
export interface DecidedMarket {
  readonly candles: CandleSeries;
  readonly market: Market;
  /** `HOLD`, `LONG`, `SHORT` or `FLAT`, one a bar. */
  readonly codes: Uint8Array;
  readonly options: BacktestOptions;
}

/** What became of the account, at each moment at which a bar of some market opened or a market paid, up to the last of them that a position waited for; marked at the closes of these bars. */
export interface PortfolioCurve {
  /** UTC epoch milliseconds, rising. */
  readonly time: Float64Array;
  readonly equity: Float64Array;
  /** Money that is in no market; `equity` less what the positions are worth. */
  readonly cash: Float64Array;
}

/** What one market of a portfolio brought. */
export interface MarketTrading {
  readonly trades: readonly Trade[];
  readonly notional: number;
  /** Entries that the volume cap made smaller. */
  readonly cut: number;
  readonly unfilled: Readonly<Unfilled>;
  /** Entries for which the other positions left less than one market may have, and for which they left nothing. */
  readonly limited: number;
  readonly noMoney: number;
}

export interface PortfolioTrading {
  readonly curve: PortfolioCurve;
  /** In the order given. */
  readonly markets: readonly MarketTrading[];
}

/** A share of the cash at the start that is no money but rounding: a position of it would only stand in the way of a real one. */
const DUST = 1e-9;

/**
 * Trades several markets from one account. At each moment, in this order: what markets have paid comes in; positions are left at
 * the open; positions are entered at the open, market by market in the order given, each with as much as its limits and the cash
 * leave; what is held is marked at the close; and a market whose last bar this was ends, as in a backtest of its own. A position that
 * is settled locks its money until the market pays.
 *
 * Fills, fees, ticks, spreads and the volume cap are those of a backtest of one market; with a single market and limits of 1 the
 * trades are the same.
 */
export function tradePortfolio(decided: readonly DecidedMarket[], cash: number, limits: PortfolioLimits): PortfolioTrading {
  const books = decided.map((one) => new Book(one));
  const times = moments(books);
  const curve = { time: times, equity: new Float64Array(times.length), cash: new Float64Array(times.length) };
  let purse = cash;
  // what ends a market of which nothing is held is nobody's wait
  let length = 0;
  const invested = (): number => books.reduce((sum, book) => sum + book.worth(), 0);
  for (const [at, time] of times.entries()) {
    for (const book of books) {
      if (book.settlesAt !== time || !book.isOver) continue;
      if (book.holds) length = at + 1;
      purse += book.end();
    }
    const open = books.filter((book) => book.opensAt(time));
    if (open.length > 0) length = at + 1;
    for (const book of open) purse += book.leave(time);
    for (const book of open) {
      if (!book.wantsIn()) continue;
      const locked = invested();
      const equity = purse + locked;
      const left = Math.min(limits.total * equity - locked, purse);
      purse -= book.enter({ wanted: book.asks(purse, limits.perMarket * equity), left: left > DUST * cash ? left : 0 });
    }
    for (const book of open) {
      book.close();
      if (book.isOver && book.settlesAt <= time) purse += book.end();
    }
    curve.cash[at] = purse;
    curve.equity[at] = purse + invested();
  }
  for (const book of books) book.mark();
  const { time, equity, cash: free } = curve;
  return {
    curve: { time: time.subarray(0, length), equity: equity.subarray(0, length), cash: free.subarray(0, length) },
    markets: books.map((book) => book.trading()),
  };
}

/** Every moment at which something happens, rising. */
function moments(books: readonly Book[]): Float64Array {
  const times = new Set<number>();
  for (const book of books) {
    for (const time of book.times) times.add(time);
    if (Number.isFinite(book.settlesAt)) times.add(book.settlesAt);
  }
  return Float64Array.from(times).sort();
}

/** One market: its account holds no money but for the moment of an order. */
class Book {
  /** When what is held in the end comes free; Infinity where that is never known. UTC epoch milliseconds. */
  readonly settlesAt: number;
  readonly times: Float64Array;
  private readonly account: Account;
  private readonly candles: CandleSeries;
  private readonly market: Market;
  private readonly codes: Uint8Array;
  private readonly closesAt: number;
  private readonly shorts: boolean;
  /** Of the cash; undefined = as much as one market may have. */
  private readonly fraction: number | undefined;
  /** The present bar, and the next one. */
  private bar = -1;
  private next = 0;
  private wanted = HOLD;
  private price = Number.NaN;
  private limited = 0;
  private noMoney = 0;

  constructor({ candles, market, codes, options }: DecidedMarket) {
    const { sizing } = options;
    this.fraction = sizing.kind === 'fraction' ? sizing.fraction : undefined;
    this.account = new Account(candles, market, { ...options, cash: 0, sizing: sizing.kind === 'fraction' ? { kind: 'all' } : sizing });
    this.candles = candles;
    this.market = market;
    this.codes = codes;
    this.times = candles.openTime;
    this.closesAt = market.closesAt ?? Number.POSITIVE_INFINITY;
    this.shorts = options.side === 'both';
    const last = candles.openTime[candles.length - 1];
    const ends = market.kind === 'asset' || market.resolution.kind === 'settled';
    this.settlesAt = !ends ? Number.POSITIVE_INFINITY : market.kind === 'asset' ? last : Math.max(last, paysAt(market));
  }

  /** Whether the last bar has been traded. */
  get isOver(): boolean {
    return this.next === this.candles.length;
  }

  /** Whether there is anything to wait for: what rounding leaves of a position that left in parts is not. */
  get holds(): boolean {
    return this.account.holds() && this.account.size > DUST;
  }

  /** What is held, at the last known price. */
  worth(): number {
    const { account, market, price } = this;
    if (account.side === 0) return 0;
    return account.size * (account.side > 0 || market.kind === 'asset' ? price : 1 - price);
  }

  /** Goes to the bar that opens now, if one does. */
  opensAt(time: number): boolean {
    if (this.isOver || this.candles.openTime[this.next] !== time) return false;
    this.bar = this.next++;
    if (this.bar > 0) this.hear(this.bar - 1);
    this.price = this.candles.open[this.bar];
    return true;
  }

  /** Takes what was decided at the close of a bar. */
  private hear(bar: number): void {
    const decision = this.codes[bar];
    if (decision !== HOLD) this.wanted = decision === SHORT && !this.shorts ? FLAT : decision;
  }

  /** The market has closed: nothing is filled any more. */
  private expire(): void {
    if (this.wanted !== HOLD) this.account.expire(this.wanted);
    this.wanted = HOLD;
  }

  /** Leaves what is no longer wanted, as far as the bar lets it. @returns what came in */
  leave(time: number): number {
    const { account, bar, candles } = this;
    if (time >= this.closesAt) this.expire();
    account.begin(bar);
    if (this.wanted === HOLD || account.side === this.target()) {
      this.wanted = HOLD;
      return 0;
    }
    // an exit that nobody takes at that price is given up, one that the volume cap holds back goes on at the next bar
    if (account.side !== 0 && account.exitFrom(candles.open[bar], 'signal') === 'refused') this.wanted = HOLD;
    else if (account.side === 0 && this.wanted === FLAT) this.wanted = HOLD;
    return this.taken();
  }

  wantsIn(): boolean {
    return this.account.side === 0 && this.wanted !== HOLD && this.target() !== 0;
  }

  /** What an entry wants: its sizing's part of the cash, at most what one market may have. */
  asks(purse: number, most: number): number {
    return this.fraction === undefined ? most : Math.min(this.fraction * purse, most);
  }

  /** Enters with what it wants, as far as that is left. @returns what went in */
  enter({ wanted, left }: { readonly wanted: number; readonly left: number }): number {
    const { account, bar, candles } = this;
    const target = this.target();
    this.wanted = HOLD;
    const money = Math.min(wanted, left);
    // with all cash in one market, rounding is no limit
    if (money < wanted * (1 - DUST)) this.limited++;
    if (!(money > 0)) {
      this.noMoney++;
      return 0;
    }
    account.cash = money;
    account.enterFrom(target as 1 | -1, candles.open[bar]);
    return money - this.taken();
  }

  /** Marks what is held at the bar's close. */
  close(): void {
    const { bar, candles } = this;
    this.price = candles.close[bar];
    // a market that has closed had no bar any more at which what was decided last could fill
    if (!this.isOver || !Number.isFinite(this.closesAt)) return;
    this.hear(bar);
    this.expire();
  }

  /** Ends what is held after the last bar: an asset is closed, a market that has paid is settled. @returns what came in */
  end(): number {
    const { account, candles, market } = this;
    const last = candles.length - 1;
    if (account.side === 0) return 0;
    if (market.kind !== 'asset' || !account.leaveAtEnd(last, candles.close[last])) account.settleAt(last, candles.close[last]);
    return this.taken();
  }

  /** Lists what is still held in the end at its mark. */
  mark(): void {
    const last = this.candles.length - 1;
    if (this.account.side !== 0 && !Number.isFinite(this.settlesAt)) this.account.settleAt(last, this.candles.close[last]);
  }

  trading(): MarketTrading {
    const { trades, notional, cut, unfilled } = this.account;
    return { trades, notional, cut, unfilled, limited: this.limited, noMoney: this.noMoney };
  }

  private target(): 1 | -1 | 0 {
    return this.wanted === LONG ? 1 : this.wanted === SHORT ? -1 : 0;
  }

  /** The money that lies in the market's account, which it leaves. */
  private taken(): number {
    const money = this.account.cash;
    this.account.cash = 0;
    return money;
  }
}
