import type { BarsSoFar, Situation } from '../strategy.ts';
import type { Market } from './market.ts';
import type { Trader } from './trader.ts';

/**
 * A strategy's window onto its own account: each look trades on to the present bar with what was decided so far, and no further.
 *
 * @param input.account opens the account at the first look
 * @param input.from the bar at which the account begins
 * @returns looked: whether anything of it has been read
 */
export function openSituation(input: {
  readonly account: () => Trader;
  readonly bars: BarsSoFar;
  readonly from: number;
  readonly market: Market;
  readonly barMs: number;
  readonly cash: number;
}): { readonly situation: Situation; readonly looked: () => boolean } {
  const { account, bars, from, market, barMs, cash } = input;
  let looks = false;
  /** Traded up to the present bar; undefined before the account's first one. */
  const trader = (): Trader | undefined => {
    looks = true;
    const bar = bars.index - from;
    const opened = account();
    if (bar < 0) return undefined;
    opened.tradeTo(bar);
    return opened;
  };
  /** The end of the present bar. */
  const now = (): number => bars.time() + barMs;
  const quote = (side: 'bid' | 'ask'): number | null => {
    looks = true;
    const { book } = market;
    return book !== null && book.at <= now() ? book[side] : null;
  };
  const situation = Object.freeze({
    get position() {
      return trader()?.account.slope ?? 0;
    },
    get entryPrice() {
      const held = trader()?.account;
      return held?.holds() === true ? held.entryPrice : null;
    },
    get cash() {
      return trader()?.account.cash ?? cash;
    },
    get equity() {
      return trader()?.equityAt(bars.index - from) ?? cash;
    },
    get secondsLeft() {
      looks = true;
      return market.endsAt === null || bars.index < 0 ? null : (market.endsAt - now()) / 1000;
    },
    get bid() {
      return quote('bid');
    },
    get ask() {
      return quote('ask');
    },
  });
  return { situation, looked: () => looks };
}
