import { type BadRow, type Faults } from './faults.ts';
import { isForYes } from './kalshi.ts';
import type { Market, VenueName } from './market.ts';
import { badRowOf } from './polymarket-trades.ts';
import { settlementId } from './predict-trades.ts';
import { midpoint, type PricePoint, pricePoints } from './price-points.ts';
import { hasBadRow } from './trade-pages.ts';
import type { Trade } from './trades.ts';
import { isMissing, type World } from './world.ts';

/** A tick that must be stored, in the format of contract.md. */
export interface TrueTick {
  /** UTC epoch milliseconds. */
  readonly time: number;
  /** Price of the first outcome. */
  readonly price: number;
  readonly size: number;
  readonly side: 'buy' | 'sell';
  /** Name of the traded outcome. */
  readonly outcome: string;
  readonly tradeId: string | null;
  /** Position among all ticks of the instrument up to now, oldest first. */
  readonly order: number;
}

/** A bad row that must be quarantined. */
export interface TrueBadRow {
  readonly kind: BadRow;
  readonly reason: 'not-finite' | 'price-range' | 'size-range' | 'time-range' | 'unknown-outcome' | 'malformed';
  /** Time of the trade that the bad row follows; UTC epoch milliseconds. */
  readonly tradeTime: number;
}

export interface TrueInstrument {
  readonly id: string;
  readonly venue: VenueName;
  readonly slug: string;
  readonly group: string;
  readonly outcomes: readonly [string, string];
  readonly twins: readonly string[];
  /** Time of the close, UTC epoch milliseconds; null for a market that stays open. */
  readonly closesAt: number | null;
  readonly payout: number | null;
}

export interface Window {
  /** Start in UTC epoch milliseconds; both ends are inclusive. */
  readonly from?: number;
  readonly to?: number;
}

const REASONS: Readonly<Record<BadRow, TrueBadRow['reason']>> = {
  'null-price': 'malformed',
  nan: 'not-finite',
  'price-range': 'price-range',
  'size-range': 'size-range',
  future: 'time-range',
  'unknown-token': 'unknown-outcome',
  'missing-field': 'malformed',
};

/** The data that a pipeline must store in the end, whatever faults occurred. */
export class Truth {
  readonly #world: World;
  readonly #now: () => number;

  constructor(world: World, now: () => number) {
    this.#world = world;
    this.#now = now;
  }

  /** All instruments that the venues have now; `group` selects an event, a category or a series. */
  instruments(options: { venue?: VenueName; group?: string } = {}): readonly TrueInstrument[] {
    const now = this.#now();
    return (['polymarket', 'predict', 'kalshi'] as const)
      .filter((venue) => options.venue === undefined || venue === options.venue)
      .flatMap((venue) => this.#world.markets.all(venue, now))
      .filter((market) => options.group === undefined || [market.group.slug, market.group.seriesSlug].includes(options.group))
      .filter((market) => !isMissing(this.#world, market))
      .map((market) => ({
        id: market.instrument,
        venue: market.venue,
        slug: market.slug,
        group: market.group.slug,
        outcomes: market.outcomes,
        twins: market.twins,
        closesAt: market.settlement === null ? null : market.closesAt,
        payout: market.settlement?.payout ?? null,
      }));
  }

  /** The ticks of an instrument up to now, oldest first. */
  ticks(instrument: string, window: Window = {}): readonly TrueTick[] {
    const { market, trades } = this.#trades(instrument);
    return trades
      .map((trade, order) => tick(market, trade, order))
      .filter(({ time }) => time >= (window.from ?? -Infinity) && time <= (window.to ?? Infinity));
  }

  /** The bad rows of an instrument up to now, for the given faults. */
  badRows(instrument: string, window: Window = {}, faults: Faults = this.#world.deck.faults): readonly TrueBadRow[] {
    const { trades } = this.#trades(instrument);
    return trades
      .filter((trade) => hasBadRow(faults, trade))
      .map((trade) => {
        const kind = badRowOf(faults, trade);
        return { kind, reason: REASONS[kind], tradeTime: trade.time * 1000 };
      })
      .filter(({ tradeTime }) => tradeTime >= (window.from ?? -Infinity) && tradeTime <= (window.to ?? Infinity));
  }

  /** Price points of the first outcome from `from` (inclusive) to `to` (exclusive), in milliseconds; times of the result are seconds. */
  points(instrument: string, options: { from: number; to: number; bucketSeconds: number; whole?: boolean }): readonly PricePoint[] {
    const market = this.#market(instrument);
    const { from, to, bucketSeconds: bucket, whole } = options;
    const range = { from: from / 1000, to: to / 1000, bucket, now: this.#now() };
    return pricePoints(this.#world, market, { token: market.tokens[0], ...range, ...(whole !== undefined && { whole }) });
  }

  /** The price of an instrument's first outcome at a time (UTC epoch milliseconds), without corrections. */
  priceAt(instrument: string, time: number): number {
    const market = this.#market(instrument);
    return midpoint(market, market.tokens[0], time);
  }

  #market(instrument: string): Market {
    const market = this.#world.markets.instrument(instrument, this.#now());
    if (market === undefined) throw new Error(`the sandbox has no instrument ${instrument}; see truth.instruments()`);
    return market;
  }

  #trades(instrument: string): { market: Market; trades: readonly Trade[] } {
    const market = this.#market(instrument);
    const { trades, length } = this.#world.tapes.of(market).upTo(this.#now());
    return { market, trades: trades.slice(0, length) };
  }
}

function tick(market: Market, trade: Trade, order: number): TrueTick {
  return {
    time: trade.time * 1000,
    price: trade.ticks / 10 ** market.decimals,
    size: trade.sizeMicros / 1e6,
    side: trade.buy === (trade.outcome === 0) ? 'buy' : 'sell',
    // Kalshi names the outcome for which the taker is positioned
    outcome: market.outcomes[market.venue === 'kalshi' ? (isForYes(trade) ? 0 : 1) : trade.outcome],
    tradeId: market.venue === 'polymarket' ? null : settlementId(market, trade),
    order,
  };
}
