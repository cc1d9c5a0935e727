import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Instrument } from '../../contracts/market-data.ts';
import { DAY_MS } from '../../contracts/words.ts';
import type { ReadRow } from '../candidate.ts';
import { isObject, type JsonObject } from '../catalogue/schema-drift.ts';
import type { Http } from '../http/venue-client.ts';
import type { SharedLook } from '../source.ts';
import type { SharedTrades } from '../venue.ts';

/** One page of the trades of a whole venue, newest first. */
interface TapePage {
  readonly rows: readonly { readonly market: string | null; readonly time: number | null; readonly raw: unknown }[];
  readonly next: string | null;
}

/** The trades of some markets, in the venue's format. */
interface TapeTrades {
  /** The trades of each market, newest first. */
  readonly rows: ReadonlyMap<string, readonly unknown[]>;
  /** Every trade after this time has been read; -Infinity for all trades. UTC epoch milliseconds. */
  readonly after: number;
  /** The venue's clock when the newest page was read. */
  readonly clock: number;
}

/** Number of pages after which the tape estimates how many more a look needs. */
const FEW_PAGES = 5;
/** Maximum number of pages that are kept in memory. */
const MAX_PAGES = 1_000;
/** Number of rows at a page's end whose newest time counts as the time that the page reaches, so that one wrong time does no harm. */
const COMPARED_ROWS = 3;
/** Number of trades of a market that are compressed together. */
const PACKED_ROWS = 100;

/** The trades of all markets of a venue ("tape"), which are read once per run and process. */
class VenueTape {
  #asOf = Number.NaN;
  #clock = 0;
  #after = Number.POSITIVE_INFINITY;
  #oldest = Number.POSITIVE_INFINITY;
  #next: string | null = null;
  #pages = 0;
  #isOrdered = true;
  readonly #packed = new Map<string | null, Buffer[]>();
  readonly #rows = new Map<string | null, unknown[]>();
  #turn: Promise<unknown> = Promise.resolve();

  /** Returns the tape of a host. */
  static of(api: Http): VenueTape {
    const tape = (api.memory.get('tape') as VenueTape | undefined) ?? new VenueTape();
    api.memory.set('tape', tape);
    return tape;
  }

  /**
   * Returns the trades of some markets, and reads further back where a look needs it, as long as reading each market alone would cost more.
   * @returns undefined where the pages are not newest first, so that they do not show which time they cover
   */
  async trades(
    api: Http,
    look: SharedLook,
    { markets, read }: { readonly markets: readonly string[]; readonly read: (cursor: string | null) => Promise<TapePage> },
  ): Promise<TapeTrades | undefined> {
    // looks take turns; a look that fails does not stop the next one
    const turn = this.#turn.then(() => this.#extend(api, look, read));
    this.#turn = turn.catch(() => undefined);
    await turn;
    if (!this.#isOrdered) return undefined;
    return { rows: new Map(markets.map((market) => [market, this.#of(market)])), after: this.#after, clock: this.#clock };
  }

  async #extend(api: Http, { asOf, since, clock, worth }: SharedLook, read: (cursor: string | null) => Promise<TapePage>): Promise<void> {
    // a tape that is older than the listing of the markets lacks trades that the listed volumes include
    if (this.#asOf !== asOf || this.#clock < clock) this.#clear(asOf);
    while (this.#isOrdered && this.#after >= since) {
      const span = Math.max(1, this.#clock - this.#after);
      const needed = this.#pages < FEW_PAGES ? this.#pages : (this.#pages * (this.#clock - since)) / span;
      if (needed > Math.min(worth, MAX_PAGES)) return;
      const page = await read(this.#next);
      if (this.#pages === 0) this.#clock = api.clock;
      this.#append(page);
    }
  }

  #clear(asOf: number): void {
    [this.#asOf, this.#clock, this.#next, this.#pages, this.#isOrdered] = [asOf, 0, null, 0, true];
    this.#after = this.#oldest = Number.POSITIVE_INFINITY;
    this.#packed.clear();
    this.#rows.clear();
  }

  #append({ rows, next }: TapePage): void {
    for (const { market, time, raw } of rows) {
      // a time that is unreadable or far in the future is an error of one row, not another order
      if (time !== null && time <= this.#clock + DAY_MS) {
        this.#isOrdered &&= time <= this.#oldest;
        this.#oldest = time;
      }
      const of = this.#rows.get(market) ?? [];
      this.#rows.set(market, of);
      if (of.push(raw) < PACKED_ROWS) continue;
      const packed = this.#packed.get(market) ?? [];
      packed.push(deflateRawSync(JSON.stringify(of), { level: 1 }));
      this.#packed.set(market, packed);
      this.#rows.delete(market);
    }
    this.#next = next;
    this.#pages += 1;
    if (next === null) this.#after = Number.NEGATIVE_INFINITY;
    else this.#after = Math.min(this.#after, rows.at(-COMPARED_ROWS)?.time ?? Number.POSITIVE_INFINITY);
  }

  #of(market: string): readonly unknown[] {
    const packed = (this.#packed.get(market) ?? []).flatMap((chunk) => JSON.parse(inflateRawSync(chunk).toString()) as unknown[]);
    return [...packed, ...(this.#rows.get(market) ?? [])];
  }
}

/** A venue's route for the trades of all its markets. */
interface VenueTrades {
  /** Reads a page of trades in the venue's format, newest first. */
  readonly read: (cursor: string | null) => Promise<{ readonly rows: readonly unknown[]; readonly next: string | null }>;
  /** The market of a trade, and its time. */
  readonly placeOf: (raw: JsonObject) => { readonly market: string | null; readonly time: number | null };
  readonly readTrade: (raw: unknown, instrument: Instrument) => ReadRow;
}

/** Reads the trades of several markets by reading those of the whole venue. */
export async function sharedFromTape(
  api: Http,
  instruments: readonly Instrument[],
  look: SharedLook,
  { read, placeOf, readTrade }: VenueTrades,
): Promise<SharedTrades | undefined> {
  const trades = await VenueTape.of(api).trades(api, look, {
    markets: instruments.map(({ reference }) => reference),
    async read(cursor) {
      const { rows, next } = await read(cursor);
      return { rows: rows.map((raw) => ({ raw, ...placeOf(isObject(raw) ? raw : {}) })), next };
    },
  });
  const rowsOf = (each: Instrument) => (trades?.rows.get(each.reference) ?? []).map((raw) => readTrade(raw, each));
  return trades && { ...trades, rows: new Map(instruments.map((each) => [each.id, rowsOf(each)])) };
}
