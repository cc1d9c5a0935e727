import type { BarsSoFar, Situation, Twin } from '../../strategy.ts';
import type { CandleSeries } from '../candle-series.ts';
import { announcedEnd, bookAt, type Market } from '../market.ts';
import type { Trader } from '../trading/trader.ts';
import type { Curtain } from './curtain.ts';
import { freezeClass } from './freeze-class.ts';
import { openTwin, type TwinSeries } from './twin-bars.ts';

interface SituationInput {
  readonly account: () => Trader;
  readonly bars: BarsSoFar;
  readonly candles: CandleSeries;
  readonly twin: TwinSeries | null;
  readonly from: number;
  readonly market: Market;
  readonly barMs: number;
  readonly cash: number;
  readonly curtain?: Curtain | undefined;
}

export interface StrategyReads {
  /** Whether the strategy read the account, the announced end or the book. */
  looked: boolean;
  sawTwin: boolean;
  /** Whether the strategy read the time until the announced end. */
  sawEnd: boolean;
}

/** A strategy's window onto its own account. Each read first executes the decisions made so far, up to the present bar. */
class View implements Situation {
  readonly #input: SituationInput;
  readonly #seen: StrategyReads;
  #twin: Twin | null | undefined;

  constructor(input: SituationInput, seen: StrategyReads) {
    this.#input = input;
    this.#seen = seen;
    Object.freeze(this);
  }

  get position(): number {
    return this.#trader()?.account.slope ?? 0;
  }
  get entryPrice(): number | null {
    const held = this.#trader()?.account;
    return held?.holds() === true ? held.entryPrice : null;
  }
  get cash(): number {
    return this.#trader()?.account.cash ?? this.#input.cash;
  }
  get equity(): number {
    return this.#trader()?.equityAt(this.#bar) ?? this.#input.cash;
  }
  get secondsLeft(): number | null {
    this.#seen.looked = true;
    this.#seen.sawEnd = true;
    if (this.#bar < 0) return null;
    const endsAt = announcedEnd(this.#input.market, this.#now);
    return endsAt === null ? null : (endsAt - this.#now) / 1000;
  }
  get bid(): number | null {
    return this.#quote('bid');
  }
  get ask(): number | null {
    return this.#quote('ask');
  }
  get twin(): Twin | null {
    this.#seen.sawTwin = true;
    const { twin, candles, barMs, bars, curtain } = this.#input;
    this.#twin ??= twin === null ? null : openTwin(twin, { candles, barMs }, bars, curtain);
    return this.#twin;
  }

  /** The present bar, counted from the account's first bar; negative before it. */
  get #bar(): number {
    return this.#input.bars.index - this.#input.from;
  }
  get #now(): number {
    return this.#input.bars.time() + this.#input.barMs;
  }

  /** The account, traded up to the present bar; undefined before the account's first bar. */
  #trader(): Trader | undefined {
    this.#seen.looked = true;
    const opened = this.#input.account();
    if (this.#bar < 0) return undefined;
    opened.tradeTo(this.#bar);
    return opened;
  }

  #quote(side: 'bid' | 'ask'): number | null {
    this.#seen.looked = true;
    return bookAt(this.#input.market.books, this.#now)?.[side] ?? null;
  }
}

freezeClass(View);

/** Opens a strategy's window onto its account and the market's twin; `seen` is updated while the strategy reads. */
export function openSituation(input: SituationInput): { readonly situation: Situation; readonly seen: Readonly<StrategyReads> } {
  const seen: StrategyReads = { looked: false, sawTwin: false, sawEnd: false };
  return { situation: new View(input, seen), seen };
}
