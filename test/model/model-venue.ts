import { PredictLabError } from '../../src/contracts/errors.ts';
import type { CandidateRow, Instrument } from '../../src/contracts/market-data.ts';
import type { Json } from '../../src/contracts/run/pipeline-input.ts';
import { identifyPage } from '../../src/sources/candidate.ts';
import { isFinal, withTradeAt } from '../../src/sources/catalogue/market-life.ts';
import type { Http, QueryPairs } from '../../src/sources/http/venue-client.ts';
import { VenueError, venueFailure } from '../../src/sources/http/venue-error.ts';
import { instrumentOf as kalshiInstrument, readMarket } from '../../src/sources/kalshi/markets.ts';
import { instrumentOf as gammaInstrument } from '../../src/sources/polymarket/catalogue/instrument.ts';
import { gammaMarketSchema } from '../../src/sources/polymarket/catalogue/market-schema.ts';
import { collectPrices } from '../../src/sources/polymarket/prices.ts';
import { nextCursor } from '../../src/sources/polymarket/trades.ts';
import { instrumentOf as predictInstrument } from '../../src/sources/predict/instrument.ts';
import { predictCategorySchema, predictMarketSchema } from '../../src/sources/predict/market-schema.ts';
import type { CollectRequest, DiscoverRequest, Discovery, PriceCursor, Source, SourcePage } from '../../src/sources/source.ts';
import { type HistoryPage, type WalkCursor, walkNewestFirst } from '../../src/sources/walk/newest-first-walk.ts';
import { TradeOrder } from '../../src/sources/walk/page-seam.ts';
import { pointsOf } from './price-points.ts';
import type { Lie, World, WorldTrade } from './world.ts';

/** Number of newest trades that remain where a history is cut off. */
const CUT_TO = 3;
const POINTS_PER_PAGE = 50;
/** Number of rows that a page repeats. */
const REPEATED = 2;

const iso = (time: number): string => new Date(time).toISOString();

/**
 * A world's venue as a source: the real walk and the real reading of a market's facts over made-up answers. Time is the test's;
 * each request takes some of it.
 */
export class ModelVenue {
  /** Our clock. */
  now = 0;
  /** Requests for trades since this was reset. */
  requests = 0;
  /** When the newest page was last read. */
  firstLook = 0;
  killedAt: readonly number[] = [];
  readonly source: Source;
  readonly #order: TradeOrder;
  readonly #prices: Http;
  readonly #world: World;
  readonly #rows = new Map<WorldTrade, CandidateRow[]>();
  /** Trades that were shown in this walk, and those that were shown twice in one walk. */
  readonly #shown = new Set<WorldTrade>();
  readonly #corrected = new Set<WorldTrade>();
  /** Whether a run has seen the market's facts. */
  #wasFound = false;
  /** Whether the next request is the first one of a walk. */
  #isFresh = true;

  /** The market's id at the venue. */
  readonly #market: string;

  /** @param beside another market of the same venue */
  constructor(
    world: World,
    readonly type: 'predict' | 'polymarket' | 'kalshi' = 'predict',
    beside?: ModelVenue,
  ) {
    this.#world = world;
    this.#order = beside === undefined ? new TradeOrder() : beside.#order;
    this.#market = beside === undefined ? '1' : '2';
    const clock = (): number => this.clock;
    this.#prices = {
      get clock() {
        return clock();
      },
      get: async (_path, query = []) => this.#pointPage(query),
      memory: new Map(),
    };
    this.source = {
      type,
      discover: (request) => this.#discover(request),
      collect: (request) => this.#collect(request),
      selectorOf: async () => ({ marketId: 1 }),
      describe: (error) => venueFailure('model', error),
    };
  }

  /** Whether a request now is answered. */
  get isUp(): boolean {
    return !this.#world.outages.some(({ from, to }) => this.now >= from && this.now < to);
  }

  get instrumentId(): string {
    return `${this.type}:${this.#market}`;
  }

  get clock(): number {
    return this.now + this.#world.headerSkew + (this.#lie('clock')?.by ?? 0);
  }

  /** Whether trading is over, and the venue says so. */
  get isClosed(): boolean {
    return this.#world.closedFrom !== null && this.now >= this.#world.closedFrom;
  }

  #lie(kind: Lie['kind']): Lie | undefined {
    return this.#world.lies.find((lie) => lie.kind === kind && this.now >= lie.from && this.now < lie.to);
  }

  async #discover({ known }: DiscoverRequest): Promise<Discovery> {
    if (!this.isUp) throw new PredictLabError('SourceUnavailable', 'the venue is down');
    this.now += 300;
    const before = known.find(({ id }) => id === this.instrumentId);
    const instruments = before !== undefined && isFinal(before) ? [before] : [this.#facts()];
    this.#wasFound = true;
    return { instruments, problems: [], requests: 1, clock: this.clock };
  }

  /** What the venue says of its market now, as its adapter reads it. */
  #facts(): Instrument {
    const { opensAt, plannedEnd, ended, statesClose } = this.#world;
    const falsely = this.isClosed ? undefined : this.#lie('closed');
    const closed = this.isClosed || falsely !== undefined;
    const settled = this.isClosed || (falsely?.by ?? 0) > 0;
    const won = this.#lie('flipped') === undefined;
    if (this.type === 'kalshi') return this.#kalshiFacts({ closed, settled, won, closedAt: falsely?.from ?? ended ?? 0 });
    const ids = this.#areReissued ? ['3', '4'] : ['1', '2'];
    if (statesClose) {
      const reading = gammaInstrument(
        gammaMarketSchema.parse({
          conditionId: '0x1',
          slug: 'rain',
          outcomes: this.#ordered(['Yes', 'No'], 'renamed'),
          clobTokenIds: this.#ordered(ids),
          closed,
          startDate: iso(opensAt + this.#stampSkew),
          ...(plannedEnd !== null && { endDate: iso(plannedEnd) }),
          ...(closed && {
            closedTime: iso((falsely?.from ?? ended ?? 0) + this.#stampSkew),
            umaResolutionStatus: settled ? 'resolved' : 'proposed',
            outcomePrices: this.#ordered(won ? ['1', '0'] : ['0', '1']),
          }),
        }),
      );
      if ('notBinary' in reading) throw new Error(reading.notBinary);
      return { ...reading.instrument, id: this.instrumentId, source: this.type, ...this.#stated() };
    }
    const outcomes = this.#ordered([
      { onChainId: ids[0], status: settled ? (won ? 'WON' : 'LOST') : null },
      { onChainId: ids[1], status: settled ? (won ? 'LOST' : 'WON') : null },
    ]);
    const names = this.#ordered(['Yes', 'No'], 'renamed');
    const market = predictMarketSchema.parse({
      id: 1,
      status: settled ? 'RESOLVED' : 'REGISTERED',
      ...(closed && { tradingStatus: 'CLOSED' }),
      createdAt: iso(opensAt + this.#stampSkew),
      outcomes: outcomes.map((outcome, index) => ({ ...outcome, indexSet: index + 1, name: names[index] })),
    });
    const category = predictCategorySchema.parse({ slug: 'rain', markets: [], endsAt: plannedEnd === null ? null : iso(plannedEnd) });
    const reading = predictInstrument(market, category);
    if ('leftOut' in reading) throw new Error(reading.leftOut);
    return { ...reading.instrument, id: this.instrumentId, source: this.type, ...this.#stated() };
  }

  /** The facts as Kalshi states them. Its outcomes are always Yes and No, so no answer turns them round. */
  #kalshiFacts({ closed, settled, won, closedAt }: { closed: boolean; settled: boolean; won: boolean; closedAt: number }): Instrument {
    const { opensAt, plannedEnd } = this.#world;
    const end = closed ? closedAt + this.#stampSkew : (plannedEnd ?? opensAt + 400 * 86_400_000);
    const market = readMarket(
      {
        ticker: '1',
        event_ticker: 'RAIN',
        status: settled ? 'finalized' : closed ? 'closed' : 'active',
        result: settled ? (won ? 'yes' : 'no') : '',
        ...(settled && { settlement_value_dollars: won ? '1.0000' : '0.0000' }),
        open_time: iso(opensAt + this.#stampSkew),
        close_time: iso(end),
        latest_expiration_time: plannedEnd === null ? null : iso(plannedEnd),
      },
      'model',
    );
    const facts = { ticker: 'RAIN', title: 'Rain', exclusive: null, fees: null, earlier: [] };
    return { ...kalshiInstrument(market, facts, this.clock), outcomeIds: ['1', '2'], ...this.#stated() };
  }

  /**
   * The venue's count of all trades so far, by the clock that stamps trades, also of those that its index hides. Half of all venues also
   * count invalid rows.
   */
  #stated(): Pick<Instrument, 'stated'> {
    if (!this.#world.statesTrades) return {};
    const trades =
      this.#lie('zero') !== undefined
        ? 0
        : this.#world.trades.filter(({ made, bad }) => made <= this.now && (!bad || this.#world.seed % 2 === 0)).length;
    return { stated: { volume: null, trades, at: this.now + this.#stampSkew } };
  }

  /** Whether the venue gives the outcomes other ids than at the first look. */
  get #areReissued(): boolean {
    return this.#wasFound && this.#lie('reissued') !== undefined;
  }

  /** Orders values, one per outcome, as the venue lists the outcomes. */
  #ordered<T>(things: readonly T[], ...alone: readonly Lie['kind'][]): T[] {
    // the order at the first look is the true one where no other was seen
    if (!this.#wasFound) return [...things];
    const turns = [this.#lie('reversed'), ...alone.map((kind) => this.#lie(kind))].filter((lie) => lie !== undefined).length;
    return turns % 2 === 1 ? [...things].reverse() : [...things];
  }

  /** Milliseconds by which the clock that stamps trades is ahead of ours. */
  get #stampSkew(): number {
    const [trade] = this.#world.trades;
    return trade === undefined ? 0 : trade.stamp - trade.made;
  }

  async *#collect(request: CollectRequest): AsyncGenerator<SourcePage> {
    this.#isFresh = true;
    let { instrument } = request;
    const cursor = request.cursor as unknown as { walk: WalkCursor | null; prices?: PriceCursor | null } | undefined;
    if (cursor?.walk !== null) {
      const pages = walkNewestFirst({
        ...request,
        venue: 'model',
        horizonMs: this.#world.horizon,
        repeats: this.#world.reaches === null ? 'retry' : 'end-of-paging',
        resume: cursor?.walk,
        order: this.#order,
        fetch: async (at) => pricedAs(request.instrument, this.#page(at)),
      });
      for await (const page of pages) {
        if (page.walked !== undefined) instrument = withTradeAt(instrument, page.walked.newest);
        yield { ...page, cursor: { walk: page.cursor } as unknown as Json };
      }
    }
    if (this.#world.pointLag === null || request.tradesOnly === true) return;
    for await (const page of collectPrices(this.#prices, { ...request, instrument }, cursor?.prices ?? undefined))
      yield { ...page, cursor: { walk: null, prices: page.cursor } as unknown as Json, requests: 1 };
  }

  /** One page of price points, by the clock that stamps trades. */
  #pointPage(query: QueryPairs): unknown {
    this.#request();
    const { token_id: token, cursor = '0' } = Object.fromEntries(query) as Record<string, string>;
    const isMirrored = token === '2';
    const ticks = this.#world.trades
      .filter(({ bad }) => !bad)
      .map(({ stamp, versions: [{ price }] }) => ({ time: stamp, price: isMirrored ? mirrored(price) : price }));
    const now = this.now + this.#stampSkew;
    const points = pointsOf(query, { ticks, now, clock: now, lag: this.#world.pointLag ?? 0 });
    const end = Number(cursor) + POINTS_PER_PAGE;
    const pagination = { has_more: end < points.length && !this.#world.deniesMore, next_cursor: end < points.length ? String(end) : null };
    return { data: points.slice(Number(cursor), end), pagination };
  }

  /** Counts a request. It takes time, and may kill the worker or find the venue down. */
  #request(): void {
    this.requests++;
    this.now += 700;
    if (this.killedAt.includes(this.requests)) throw new PredictLabError('SourceUnavailable', 'the worker was killed');
    if (!this.isUp) throw new PredictLabError('SourceUnavailable', 'the venue is down');
  }

  #page(cursor: string | null): HistoryPage {
    this.#request();
    if (cursor !== null && this.#lie('expired') !== undefined && this.requests % 7 === 3) {
      this.#isFresh = true;
      throw new VenueError('BadInput', 'the cursor has expired', { status: 400 });
    }
    // the newest page may be read again later in the same walk
    if (cursor === null && this.#isFresh) {
      this.firstLook = this.now;
      this.#shown.clear();
    }
    this.#isFresh = false;
    const { reaches } = this.#world;
    const shown = this.#world.trades.filter((trade) => trade.visible <= this.now && !this.#isHidden(trade));
    if (reaches !== null) return this.#pageOfIndex(cursor, shown, reaches);
    shown.sort((a, b) => b.stamp - a.stamp || this.#inSecond(a, b));
    if (this.#lie('empty') !== undefined) return { rows: [], next: null, requests: 1, clock: this.clock };
    if (this.#lie('cut') !== undefined) shown.splice(CUT_TO);
    const after = cursor === null ? 0 : this.#world.cursors === 'offset' ? Number(cursor) : shown.findIndex(({ id }) => id === cursor) + 1;
    const rows = shown.slice(Math.max(0, after - (this.#world.repeats ? REPEATED : 0)), after + this.#world.pageSize);
    const last = rows.at(-1);
    const end = Math.min(shown.length, after + this.#world.pageSize);
    const more = end < shown.length && last !== undefined;
    const cursorAfter = !more ? null : this.#world.cursors === 'offset' ? String(end) : last.id;
    const pagination = { has_more: more && !this.#world.deniesMore, next_cursor: cursorAfter };
    const next = nextCursor({ data: rows, pagination }, 'model');
    return { rows: this.#doubled(this.#spelled(rows.map((trade) => this.#row(trade)))), next, requests: 1, clock: this.clock };
  }

  /** Rows as the venue spells them now: ids in other letters, or of outcomes that the market does not have. */
  #spelled(rows: readonly CandidateRow[]): readonly CandidateRow[] {
    const foreign = this.#areReissued ? ({ defect: 'unknown-outcome' } as const) : undefined;
    if (foreign === undefined && this.#lie('respelled') === undefined) return rows;
    return identifyPage(
      rows.map(({ grain: _, tradeId, ...row }) => ({ ...row, tradeId: tradeId?.toUpperCase() ?? null, content: [], ...foreign })),
    );
  }

  /**
   * Whether the index hides a trade now: because it is too old, or by a lie that hides one in `by` of the trades made during it, or before
   * it, or all.
   */
  #isHidden({ made, stamp }: WorldTrade): boolean {
    if (this.#world.horizon !== null && stamp < this.now - this.#world.horizon) return true;
    return this.#world.lies.some(
      ({ kind, from, to, by, until = Number.POSITIVE_INFINITY }) =>
        this.now < to &&
        ((kind === 'dropped' && made >= from && made < until && made % by === 0) ||
          (kind === 'withdrawn' && made < from && this.now >= from && made % by === 0) ||
          (kind === 'hole' && made >= from && made < from + by)),
    );
  }

  /** The order of two trades of one second. */
  #inSecond(a: WorldTrade, b: WorldTrade): number {
    if (this.#lie('shuffled') === undefined) return b.made - a.made;
    const rank = ({ made }: WorldTrade): number => ((made + this.requests) * 2_654_435_761) % 4_294_967_296;
    return rank(b) - rank(a);
  }

  /** Adds copies of some rows with another price at the end of the page, identified by `identifyPage` as in an adapter. */
  #doubled(rows: readonly CandidateRow[]): readonly CandidateRow[] {
    if (this.#lie('doubled') === undefined) return rows;
    const other = rows.filter((_, index) => index % 3 === 0).map((row) => ({ ...row, price: 0.005, raw: `${row.raw} again` }));
    return identifyPage([...rows, ...other].map(({ grain: _, ...row }) => ({ ...row, content: [] })));
  }

  /** A page of the older route of a venue: ordered by the place in its index, not by time, and only up to some place. */
  #pageOfIndex(cursor: string | null, shown: WorldTrade[], reaches: number): HistoryPage {
    shown.sort((a, b) => b.visible - a.visible || b.made - a.made);
    const { pageSize } = this.#world;
    const after = Number(cursor ?? 0);
    const rows = shown.slice(after, after + pageSize);
    const next = rows.length < pageSize ? null : String(Math.min(after + pageSize, reaches - pageSize));
    return { rows: rows.map((trade) => this.#row(trade)), next, requests: 1, clock: this.clock };
  }

  #row(trade: WorldTrade): CandidateRow {
    if (trade.touchy && this.#shown.has(trade)) this.#corrected.add(trade);
    this.#shown.add(trade);
    const version = this.#corrected.has(trade)
      ? trade.versions.length - 1
      : trade.versions.filter(({ from }) => from <= this.now).length - 1;
    let rows = this.#rows.get(trade);
    if (rows === undefined) this.#rows.set(trade, (rows = trade.versions.map((_, index) => rowOf(trade, index))));
    return rows[version];
  }
}

/** The price of the other outcome. */
const mirrored = (price: number): number => (100 - Math.round(price * 100)) / 100;

/** Prices rows like an adapter: by the market's first outcome. All trades of a world are of the outcome 1. */
const pricedAs = ({ outcomeIds }: Instrument, page: HistoryPage): HistoryPage =>
  outcomeIds[0] === '1'
    ? page
    : { ...page, rows: page.rows.map((row) => ({ ...row, price: row.price === null ? null : mirrored(row.price) })) };

function rowOf({ id, stamp, versions, bad }: WorldTrade, version: number): CandidateRow {
  const { price, size } = versions[version] as { price: number; size: number };
  return {
    kind: 'trade',
    time: stamp,
    price: bad ? 1.7 : price,
    size,
    side: 'buy',
    outcome: 'Yes',
    tradeId: id,
    identity: id,
    raw: `${id} ${version}`,
    defect: null,
  };
}
