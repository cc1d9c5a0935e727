import { collectAll } from '../../src/activities/stages/collect/collect-all.ts';
import { failedForGood, sourceTime } from '../../src/activities/stages/collect/collect-failures.ts';
import type { InstrumentStaging } from '../../src/activities/stages/collect/collect-instrument.ts';
import type { CatalogueEntry } from '../../src/contracts/catalogue.ts';
import type { CandidateRow, Instrument, TimeRange } from '../../src/contracts/market-data.ts';
import { windowOf } from '../../src/contracts/run/run-window.ts';
import type { SourceType } from '../../src/contracts/words.ts';
import { assessTick } from '../../src/market/assess-tick.ts';
import { latenessAt, rememberLateness, type SeenLateness } from '../../src/market/lateness.ts';
import { judgeStated, STATED_SLACK_MS } from '../../src/market/second-witness.ts';
import { SETTLE_MS } from '../../src/sources/catalogue/market-life.ts';
import type { Source, SourcePage, Sources } from '../../src/sources/source.ts';
import { missingRanges } from '../../src/sources/walk/time-ranges.ts';
import type { CollectProgress } from '../../src/storage/staging/collect-progress.ts';
import type { ModelVenue } from './model-venue.ts';
import { StoredPoints, union } from './price-points.ts';
import { DAY, type Firing, HOUR } from './world.ts';

/** One way to run the pipeline, with the results that the checks read. */
export interface Pipeline {
  /** Makes one attempt to collect; throws when it fails, and continues where an earlier attempt of the same run ended. */
  attempt(executionId: string, firing: Firing): Promise<void>;
  /** Cleans, stores and builds candles. @returns what the run claims to have covered */
  store(executionId: string, firing: Firing): Promise<Claims>;
  ticks(): Promise<readonly StoredTrade[]>;
  covered(): Promise<readonly TimeRange[]>;
  /** The price points and their coverage, where they are collected. */
  points?(): StoredPoints;
  instrument(): Promise<Instrument | undefined>;
  lateness(asOf: number): Promise<number>;
  /** Contradictions that the second witness found. */
  alarms(): Promise<readonly string[]>;
}

export interface StoredTrade {
  readonly id: string;
  readonly time: number;
  readonly price: number;
  readonly size: number | null;
}

export interface Claims {
  readonly ranges: readonly TimeRange[];
  /** Whether the walk read the newest trades down to covered time. */
  readonly whole: boolean;
  /** The last version that the venue showed of each row that the run kept, by id. */
  readonly kept: ReadonlyMap<string, CandidateRow>;
}

interface Staged {
  pages: (SourcePage & { readonly pageNumber: number })[];
  ranges: TimeRange[];
  looked: number | null;
  withdrawnFrom: number | null;
  progress: CollectProgress | undefined;
}

const never = new AbortController().signal;

/** Stored rows of one instrument, and the staged rows of its runs, in memory. */
class MemoryStore {
  instrument: Instrument | undefined;
  readonly key: number;
  readonly #ticks = new Map<string, CandidateRow>();
  readonly #runs = new Map<string, Staged>();
  readonly points = new StoredPoints();
  #covered: readonly TimeRange[] = [];
  #looked: number | null = null;
  #seen: SeenLateness | undefined;
  readonly #stated: { at: number; trades: number; isJudged?: boolean }[] = [];
  /** Times of rows that are no ticks, by row. */
  readonly #quarantined = new Map<string, number>();
  doubts: { from: number; to: number; triedAt: number }[] = [];
  /** Contradictions that the second witness found. */
  readonly alarms: string[] = [];

  constructor(key: number) {
    this.key = key;
  }

  lateness(asOf: number): number {
    return latenessAt(this.#seen, asOf);
  }

  /** Records the totals that the venue stated at a discovery. */
  note(stated: Instrument['stated']): void {
    if (stated !== undefined) this.#stated.push({ at: stated.at, trades: stated.trades ?? 0 });
  }

  /** The second witness over maps, as `judgeSymbol` is over tables. */
  judge(asOf: number): void {
    const isCovered = (from: number, to: number): boolean => this.#covered.some((range) => range.from <= from && range.to >= to);
    const slack = STATED_SLACK_MS;
    const looks = this.#stated.filter(({ at }) => at <= asOf);
    const last = looks.findLast(({ at }) => isCovered(at - slack, at + slack));
    if (last === undefined || last.isJudged === true) return;
    const earlier = looks.filter(({ at }) => at < last.at && at >= last.at - 2 * DAY && isCovered(at - slack, last.at + slack));
    const times = [...this.#ticks.values()].map(({ time }) => time ?? 0);
    const held = (from: number, to: number): number => times.filter((time) => time > from && time <= to).length;
    const around = new Map(earlier.map((look) => [look, held(look.at - slack, look.at + slack)]));
    const [quietest] = [...earlier].sort((a, b) => (around.get(a) ?? 0) - (around.get(b) ?? 0));
    const pairs = earlier
      .slice(0, 1)
      .concat(quietest ?? [])
      .map((look) => {
        const rejected = [...this.#quarantined.values()].filter((time) => time >= look.at - slack && time <= last.at + slack).length;
        const { verdict } = judgeStated({
          volume: null,
          trades: last.trades - look.trades,
          mostVolume: 0,
          leastVolume: 0,
          mostTrades: held(look.at - slack, last.at + slack) + rejected,
          leastTrades: held(look.at + slack, last.at - slack),
        });
        return { first: look, verdict };
      });
    const judged = pairs.find((pair) => pair.verdict !== 'agrees') ?? pairs[0];
    if (judged === undefined) return;
    const { first, verdict } = judged;
    if (verdict === 'agrees') {
      last.isJudged = true;
      this.doubts = this.doubts.filter(({ from, to }) => to < first.at || from > last.at);
    }
    if (verdict === 'exceeds') this.alarms.push(`holds more than is stated`);
    if (verdict !== 'lacks') return;
    this.alarms.push('lacks trades that are stated');
    const range = { from: first.at - slack, to: last.at + slack };
    this.#covered =
      missingRanges(range, this.#covered).length === 0
        ? this.#covered.flatMap((each) => missingRanges(each, [range]).filter(({ from, to }) => to > from))
        : this.#covered;
    if (!this.doubts.some(({ from }) => from === range.from)) this.doubts.push({ ...range, triedAt: Number.NEGATIVE_INFINITY });
  }

  doubted(asOf: number): readonly TimeRange[] {
    const waiting = this.doubts.filter(({ triedAt }) => triedAt > asOf - DAY);
    for (const doubt of this.doubts) if (!waiting.includes(doubt)) doubt.triedAt = asOf;
    return waiting;
  }

  staging(executionId: string, asOf: number): InstrumentStaging {
    const staged = this.#runs.get(executionId) ?? { pages: [], ranges: [], looked: null, withdrawnFrom: null, progress: undefined };
    this.#runs.set(executionId, staged);
    return {
      progress: staged.progress,
      before: async () => ({
        doubted: this.doubted(asOf),
        covered: { trade: this.#covered, price: this.points.covered },
        looked: { trade: this.#looked, price: this.points.looked },
        isStored: async (rows) => rows.map((row) => this.#ticks.has(keyOf(row))),
        hasTradesBefore: async (time, since = 0) =>
          [...this.#ticks.values()].some((row) => hourOf(row.time ?? 0) < hourOf(time) && hourOf(row.time ?? 0) > Math.ceil(since / HOUR)),
      }),
      keep: async (page, { closedAt }, reached) => {
        staged.pages = [...staged.pages.filter(({ pageNumber }) => pageNumber < page.pageNumber), page];
        staged.progress = reached;
        if (page.kind === 'price') return;
        staged.ranges.push(...page.coverage);
        if (page.walked !== undefined) {
          const { closedAt: before } = this.instrument ?? {};
          if (before !== undefined && closedAt !== undefined && closedAt > before) this.points.withdraw(before + SETTLE_MS);
          staged.looked = page.walked.looked;
          staged.withdrawnFrom = page.walked.withdrawnFrom;
          this.#seen = rememberLateness(this.#seen, page.walked.lateBy, asOf);
          if (this.instrument !== undefined && closedAt !== undefined) this.instrument = { ...this.instrument, closedAt };
        }
      },
      finish: async (reached) => {
        staged.progress = reached;
      },
    };
  }

  withdraw(end: number): void {
    this.#covered = this.#covered.map(({ from, to }) => ({ from, to: Math.min(to, end) })).filter(({ from, to }) => to > from);
  }

  store(executionId: string, asOf: number): Claims {
    const kept = new Map<string, CandidateRow>();
    const staged = this.#runs.get(executionId);
    if (staged === undefined) return { ranges: [], whole: false, kept };
    const facts = { market: 'probability', opensAt: this.instrument?.opensAt ?? null, tickSize: null, asOf } as const;
    for (const page of staged.pages) {
      if (page.kind === 'price') {
        this.points.add(page);
        continue;
      }
      for (const row of page.rows) {
        if (assessTick(row, facts).verdict !== 'ok') {
          this.#quarantined.set(keyOf(row), row.time ?? 0);
          continue;
        }
        kept.set(row.identity, row);
        this.#ticks.set(keyOf(row), row);
      }
    }
    const end = staged.withdrawnFrom ?? Number.POSITIVE_INFINITY;
    this.withdraw(end);
    this.#covered = union([...this.#covered, ...staged.ranges]);
    this.#looked = staged.looked === null ? this.#looked : Math.max(this.#looked ?? 0, staged.looked);
    return { ranges: union(staged.ranges), whole: staged.looked !== null, kept };
  }

  ticks(): StoredTrade[] {
    return [...this.#ticks.values()].map(({ identity, time, price, size }) => ({ id: identity, time: time ?? 0, price: price ?? 0, size }));
  }

  covered(): readonly TimeRange[] {
    return this.#covered;
  }
}

const hourOf = (time: number): number => Math.floor(time / 3_600_000);
const keyOf = ({ time, identity }: CandidateRow): string => `${time} ${identity}`;

/** A symbol with an instrument at each of some venues: the real decisions of collection and cleaning, over maps instead of tables. */
export interface MemorySymbol {
  /**
   * One attempt to collect; throws when it fails, and goes on where an earlier attempt of the same run was.
   *
   * @param isLast no other attempt comes after it
   * @returns the venues that failed for good
   */
  attempt(executionId: string, firing: Firing, isLast: boolean): Promise<readonly SourceType[]>;
  /** The part of the pipeline for one venue. */
  of(venue: ModelVenue): Omit<Pipeline, 'attempt'>;
}

export function memorySymbol(venues: readonly ModelVenue[]): MemorySymbol {
  const stores = new Map(venues.map((venue, index) => [venue.instrumentId, new MemoryStore(index + 1)]));
  const storeOf = (id: string): MemoryStore => stores.get(id) as MemoryStore;
  const sourceTypes = [...new Set(venues.map(({ type }) => type))];
  const entry: CatalogueEntry = {
    symbol: 'RAIN',
    title: '',
    enabled: true,
    priority: 3,
    sources: {
      ...(sourceTypes.includes('predict') && { predict: [{ marketId: 1 }] }),
      ...(sourceTypes.includes('kalshi') && { kalshi: [{ ticker: '1' }] }),
      ...(sourceTypes.includes('polymarket') && { polymarket: [{ conditionId: '0x1' }] }),
    },
  };
  const unused = { predict: { skipped: '' }, polymarket: { skipped: '' }, file: { skipped: '' } };
  const sources: Sources = {
    ...unused,
    ...Object.fromEntries(sourceTypes.map((type) => [type, { source: sourceOf(venues.filter((venue) => venue.type === type)) }])),
  };
  return {
    async attempt(executionId, { asOf, daysBack, refetch }, isLast) {
      const window = windowOf({ asOf, daysBack });
      const known = [...stores.values()].flatMap(({ instrument, key }) => (instrument === undefined ? [] : [{ ...instrument, key }]));
      for (const store of stores.values()) store.judge(asOf);
      const time = sourceTime(Number.POSITIVE_INFINITY, venues.length);
      const { outcomes, ends } = await collectAll({
        entry,
        sourceTypes,
        sources,
        window,
        asOf,
        known,
        refetch,
        time,
        onPlan: async ({ instruments, doubtful }) => {
          for (const { instrument } of instruments) {
            storeOf(instrument.id).instrument = instrument;
            storeOf(instrument.id).note(instrument.stated);
          }
          for (const [id, from] of doubtful) {
            storeOf(id).withdraw(from);
            storeOf(id).points.withdraw(from);
          }
        },
        stagingOf: ({ id }) => storeOf(id).staging(executionId, asOf),
        lateness: ({ id }) => storeOf(id).lateness(asOf),
        isSampled: () => false,
        isInternal: () => false,
        now: () => Math.max(...venues.map((venue) => venue.now)),
        signal: never,
        onPage: () => undefined,
      });
      for (const [id, { instrument }] of outcomes) storeOf(id).instrument = instrument;
      return [...failedForGood(ends, ({ retryable }) => retryable && !isLast).keys()];
    },
    of({ instrumentId }) {
      const store = storeOf(instrumentId);
      return {
        store: async (executionId, { asOf }) => store.store(executionId, asOf),
        ticks: async () => store.ticks(),
        covered: async () => store.covered(),
        points: () => store.points,
        instrument: async () => store.instrument,
        lateness: async (asOf) => store.lateness(asOf),
        alarms: async () => store.alarms,
      };
    },
  };
}

/** The markets of one venue as one source. */
function sourceOf(markets: readonly ModelVenue[]): Source {
  const [{ source }] = markets;
  return {
    ...source,
    async discover(request) {
      const found = await Promise.all(markets.map((market) => market.source.discover(request)));
      return { ...found[0], instruments: found.flatMap(({ instruments }) => instruments) };
    },
    collect: (request) => (markets.find(({ instrumentId }) => instrumentId === request.instrument.id)?.source ?? source).collect(request),
  };
}

/** The pipeline of a symbol that has one venue. */
export function memoryPipeline(venue: ModelVenue): Pipeline {
  const symbol = memorySymbol([venue]);
  return {
    ...symbol.of(venue),
    attempt: async (executionId, firing) => {
      await symbol.attempt(executionId, firing, false);
    },
  };
}
