import type { CandleSeries } from '../engine/candle-series.ts';
import { type Market, paysAt } from '../engine/market.ts';
import type { BacktestOptions } from '../engine/options.ts';
import { Account } from '../engine/trading/account.ts';
import type { SpreadCounts } from '../engine/trading/half-spread.ts';
import { FLAT, HOLD, LONG, SHORT, type Trade, type Unfilled } from '../engine/trading/trade.ts';

export interface DecidedMarket {
  readonly candles: CandleSeries;
  readonly market: Market;
  /** The decision of each bar: `HOLD`, `LONG`, `SHORT` or `FLAT`. */
  readonly codes: Uint8Array;
  readonly options: BacktestOptions;
  /** Length of a bar in milliseconds. */
  readonly barMs: number;
}

/** The account's equity at each time at which a bar opens or a market pays; positions are valued at the close of the bar that opens. */
export interface PortfolioCurve {
  readonly time: Float64Array;
  readonly equity: Float64Array;
  /** Money that is not in a market: `equity` less the value of the positions. */
  readonly cash: Float64Array;
}

export interface MarketTrading {
  readonly trades: readonly Trade[];
  readonly notional: number;
  /** Number of entries whose size the volume cap reduced. */
  readonly cut: number;
  readonly unfilled: Readonly<Unfilled>;
  readonly spreads: SpreadCounts;
  /** Number of entries that were reduced because the other positions left too little money. */
  readonly limited: number;
  /** Number of entries that were dropped because the other positions left no money. */
  readonly noMoney: number;
}

export interface PortfolioTrading {
  readonly curve: PortfolioCurve;
  readonly markets: readonly MarketTrading[];
}

/** Tolerance for rounding errors: a share of the start cash or of the wanted money, or the units of a position. */
const DUST = 1e-9;

/**
 * Trades several markets from one account. At each time, in this order: receives payouts of settled markets; closes positions at the open;
 * enters positions at the open, market by market in the order given, as far as the limits and the cash allow; marks positions at the close;
 * ends each market at its last bar. A settled position locks its money until the market pays. Fills and costs are those of a backtest of one
 * market; with a single market and limits of 1 the trades are the same.
 */
export function tradePortfolio(decided: readonly DecidedMarket[], cash: number, limits: PortfolioLimits): PortfolioTrading {
  const books = decided.map((one) => new Book(one));
  const times = moments(books);
  const curve = { time: times, equity: new Float64Array(times.length), cash: new Float64Array(times.length) };
  let freeCash = cash;
  // the curve ends with the last bar or the last payout of a position; the payout of a market without a position does not extend it
  let length = 0;
  const invested = (): number => books.reduce((sum, book) => sum + book.worth(), 0);
  for (const [at, time] of times.entries()) {
    for (const book of books) {
      if (book.settlesAt !== time || !book.isOver) continue;
      if (book.holds) length = at + 1;
      freeCash += book.end();
    }
    const open = books.filter((book) => book.opensAt(time));
    if (open.length > 0) length = at + 1;
    for (const book of open) freeCash += book.leave(time);
    for (const book of open) {
      if (!book.wantsEntry()) continue;
      const locked = invested();
      const equity = freeCash + locked;
      const left = Math.min(limits.total * equity - locked, freeCash);
      freeCash -= book.enter({ wanted: book.wantedMoney(freeCash, limits.perMarket * equity), left: left > DUST * cash ? left : 0 });
    }
    for (const book of open) {
      book.close();
      if (book.isOver && book.settlesAt <= time) freeCash += book.end();
    }
    curve.cash[at] = freeCash;
    curve.equity[at] = freeCash + invested();
  }
  for (const book of books) book.mark();
  const { time, equity, cash: free } = curve;
  return {
    curve: { time: time.subarray(0, length), equity: equity.subarray(0, length), cash: free.subarray(0, length) },
    markets: books.map((book) => book.trading()),
  };
}

/** All times at which a bar opens or a market pays, rising. */
function moments(books: readonly Book[]): Float64Array {
  const times = new Set<number>();
  for (const book of books) {
    for (const time of book.times) times.add(time);
    if (Number.isFinite(book.settlesAt)) times.add(book.settlesAt);
  }
  return Float64Array.from(times).sort();
}

/** One market of a portfolio. Its account holds cash only while an order fills. */
class Book {
  /** When the money of the last position is released; Infinity if unknown. UTC epoch milliseconds. */
  readonly settlesAt: number;
  readonly times: Float64Array;
  private readonly account: Account;
  private readonly candles: CandleSeries;
  private readonly market: Market;
  private readonly codes: Uint8Array;
  private readonly closesAt: number;
  private readonly shorts: boolean;
  /** Fraction of the cash that an entry uses; undefined = as much as `perMarket` allows. */
  private readonly fraction: number | undefined;
  private bar = -1;
  private next = 0;
  private wanted = HOLD;
  private price = Number.NaN;
  private limited = 0;
  private noMoney = 0;

  constructor({ candles, market, codes, options, barMs }: DecidedMarket) {
    const { sizing } = options;
    this.fraction = sizing.kind === 'fraction' ? sizing.fraction : undefined;
    this.account = new Account(
      candles,
      market,
      { ...options, cash: 0, sizing: sizing.kind === 'fraction' ? { kind: 'all' } : sizing },
      barMs,
    );
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

  get isOver(): boolean {
    return this.next === this.candles.length;
  }

  /** Whether a position is held; a remainder due to rounding does not count. */
  get holds(): boolean {
    return this.account.holds() && this.account.size > DUST;
  }

  /** Value of the position at the last known price. */
  worth(): number {
    const { account, market, price } = this;
    if (account.side === 0) return 0;
    return account.size * (account.side > 0 || market.kind === 'asset' ? price : 1 - price);
  }

  /** Moves to the market's next bar if it opens at `time`; returns whether it does. */
  opensAt(time: number): boolean {
    if (this.isOver || this.candles.openTime[this.next] !== time) return false;
    this.bar = this.next++;
    if (this.bar > 0) this.takeDecision(this.bar - 1);
    this.price = this.candles.open[this.bar];
    return true;
  }

  private takeDecision(bar: number): void {
    const decision = this.codes[bar];
    if (decision !== HOLD) this.wanted = decision === SHORT && !this.shorts ? FLAT : decision;
  }

  private expire(): void {
    if (this.wanted !== HOLD) this.account.expire(this.wanted);
    this.wanted = HOLD;
  }

  /** Closes a position that is no longer wanted, as far as the bar's volume allows. @returns the cash received */
  leave(time: number): number {
    const { account, bar, candles } = this;
    if (time >= this.closesAt) this.expire();
    account.startBar(bar);
    if (this.wanted === HOLD || account.side === this.target()) {
      this.wanted = HOLD;
      return 0;
    }
    // an exit without a valid price is given up; one that the volume cap delays continues at the next bar
    if (account.side !== 0 && account.exitFrom(candles.open[bar], 'signal') === 'refused') this.wanted = HOLD;
    else if (account.side === 0 && this.wanted === FLAT) this.wanted = HOLD;
    return this.withdrawCash();
  }

  wantsEntry(): boolean {
    return this.account.side === 0 && this.wanted !== HOLD && this.target() !== 0;
  }

  /** Money that an entry asks for: the sizing's share of the cash, at most the limit of one market. */
  wantedMoney(freeCash: number, most: number): number {
    return this.fraction === undefined ? most : Math.min(this.fraction * freeCash, most);
  }

  /** Enters a position with the wanted money, but not more than is left. @returns the cash spent */
  enter({ wanted, left }: { readonly wanted: number; readonly left: number }): number {
    const { account, bar, candles } = this;
    const target = this.target();
    this.wanted = HOLD;
    const money = Math.min(wanted, left);
    // the tolerance keeps a rounding error from counting as a limit when all cash goes into one market
    if (money < wanted * (1 - DUST)) this.limited++;
    if (!(money > 0)) {
      this.noMoney++;
      return 0;
    }
    account.cash = money;
    account.enterFrom(target as 1 | -1, candles.open[bar]);
    return money - this.withdrawCash();
  }

  close(): void {
    const { bar, candles } = this;
    this.price = candles.close[bar];
    // a closed market has no later bar at which the last decision could fill
    if (!this.isOver || !Number.isFinite(this.closesAt)) return;
    this.takeDecision(bar);
    this.expire();
  }

  /** Ends the position after the last bar: an asset is closed, a resolved market is settled. @returns the cash received */
  end(): number {
    const { account, candles, market } = this;
    const last = candles.length - 1;
    if (account.side === 0) return 0;
    if (market.kind !== 'asset' || !account.leaveAtEnd(last, candles.close[last])) account.settleAt(last, candles.close[last]);
    return this.withdrawCash();
  }

  /** Records a position that is never settled as a trade that ends as `mark`, at the last price. */
  mark(): void {
    const last = this.candles.length - 1;
    if (this.account.side !== 0 && !Number.isFinite(this.settlesAt)) this.account.settleAt(last, this.candles.close[last]);
  }

  trading(): MarketTrading {
    const { trades, notional, cut, unfilled, spreads } = this.account;
    return { trades, notional, cut, unfilled, spreads, limited: this.limited, noMoney: this.noMoney };
  }

  private target(): 1 | -1 | 0 {
    return this.wanted === LONG ? 1 : this.wanted === SHORT ? -1 : 0;
  }

  private withdrawCash(): number {
    const money = this.account.cash;
    this.account.cash = 0;
    return money;
  }
}

/** Limits on the money in markets, as shares of the account's equity at the time of an entry. */
export interface PortfolioLimits {
  /** Largest share that an entry puts into one market. @default 0.1 */
  readonly perMarket: number;
  /** Largest share in all markets together after an entry, including positions that wait for settlement. @default 1 */
  readonly total: number;
}

/** Default limits of a portfolio: ten full positions use the whole account. */
export const DEFAULT_LIMITS: PortfolioLimits = { perMarket: 0.1, total: 1 };

/** Problems with a portfolio's limits, one sentence each; empty if there are none. */
export function limitProblems({ perMarket, total }: PortfolioLimits): string[] {
  const problems: string[] = [];
  if (!(perMarket > 0 && perMarket <= 1)) problems.push(`the limit of one market must be a share in (0, 1], got ${perMarket}`);
  if (!(total > 0 && total <= 1)) problems.push(`the limit of all markets must be a share in (0, 1], got ${total}`);
  return problems;
}
