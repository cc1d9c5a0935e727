import { collectInstrument, type InstrumentStaging, type Reached } from '../../src/activities/stages/collect-instrument.ts';
import { planCollection } from '../../src/activities/stages/collect-plan.ts';
import type { CandidateRow, Instrument, TimeRange } from '../../src/contracts/market-data.ts';
import { windowOf } from '../../src/contracts/run-window.ts';
import { assessTick } from '../../src/market/assess-tick.ts';
import { latenessAt, rememberLateness, type SeenLateness } from '../../src/market/lateness.ts';
import type { SourcePage } from '../../src/sources/source.ts';
import type { ModelVenue } from './model-venue.ts';
import type { Firing } from './world.ts';

/** What a run of the pipeline leaves behind, and what the checks want to know of it. */
export interface Pipeline {
  /** One attempt to collect; throws when it fails, and goes on where an earlier attempt of the same run was. */
  attempt(executionId: string, firing: Firing): Promise<void>;
  /** Cleans, stores and builds candles. @returns what the run claims to have covered */
  store(executionId: string, firing: Firing): Promise<Claims>;
  ticks(): Promise<readonly StoredTrade[]>;
  covered(): Promise<readonly TimeRange[]>;
  instrument(): Promise<Instrument | undefined>;
  lateness(asOf: number): Promise<number>;
}

export interface StoredTrade {
  readonly id: string;
  readonly time: number;
  readonly price: number;
  readonly size: number | null;
}

export interface Claims {
  readonly ranges: readonly TimeRange[];
  /** Whether the newest trades were looked at down to what was covered. */
  readonly whole: boolean;
  /** What the venue showed last, by id, of what the run kept. */
  readonly kept: ReadonlyMap<string, CandidateRow>;
}

/** Union of ranges, sorted and merged. */
export function union(ranges: readonly TimeRange[]): TimeRange[] {
  const merged: { from: number; to: number }[] = [];
  for (const range of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last !== undefined && range.from <= last.to) last.to = Math.max(last.to, range.to);
    else merged.push({ ...range });
  }
  return merged;
}

interface Staged {
  pages: (SourcePage & { readonly pageNumber: number })[];
  ranges: TimeRange[];
  looked: number | null;
  withdrawnFrom: number | null;
  progress: Reached | undefined;
}

const never = new AbortController().signal;
const KEY = 1;

/** The pipeline with the real decisions of collection and cleaning, over maps instead of tables. */
export function memoryPipeline(venue: ModelVenue): Pipeline {
  const ticks = new Map<string, CandidateRow>();
  const runs = new Map<string, Staged>();
  let covered: readonly TimeRange[] = [];
  let looked: number | null = null;
  let instrument: Instrument | undefined;
  let seen: SeenLateness | undefined;
  const keyOf = ({ time, identity }: CandidateRow): string => `${time} ${identity}`;

  const stagingOf = (staged: Staged, asOf: number): InstrumentStaging => ({
    progress: staged.progress,
    before: async () => ({
      covered: { trade: covered, price: [] },
      looked,
      isStored: async (rows) => rows.map((row) => ticks.has(keyOf(row))),
    }),
    keep: async (page, { endsBy }, reached) => {
      staged.pages = [...staged.pages.filter(({ pageNumber }) => pageNumber < page.pageNumber), page];
      staged.ranges.push(...page.coverage);
      if (page.walked !== undefined) {
        staged.looked = page.walked.looked;
        staged.withdrawnFrom = page.walked.withdrawnFrom;
        seen = rememberLateness(seen, page.walked.lateBy, asOf);
        if (instrument !== undefined && endsBy !== undefined) instrument = { ...instrument, endsBy };
      }
      staged.progress = reached;
    },
    finish: async (reached) => {
      staged.progress = reached;
    },
  });

  return {
    async attempt(executionId, { asOf, daysBack, refetch }) {
      const window = windowOf({ asOf, daysBack });
      const plan = await planCollection({
        entry: { symbol: 'RAIN', title: '', enabled: true, priority: 3, sources: { predict: [{ marketId: 1 }] } },
        sourceTypes: ['predict'],
        sources: { predict: { source: venue.source }, polymarket: { skipped: '' }, file: { skipped: '' } },
        window,
        asOf,
        known: instrument === undefined ? [] : [{ ...instrument, key: KEY }],
        signal: never,
      });
      for (const found of plan.sources.values()) if ('error' in found) throw found.error;
      const [planned] = plan.instruments;
      if (planned === undefined) throw new Error(plan.problems.join());
      instrument = planned.instrument;
      const staged = runs.get(executionId) ?? { pages: [], ranges: [], looked: null, withdrawnFrom: null, progress: undefined };
      runs.set(executionId, staged);
      const outcome = await collectInstrument({
        planned,
        staging: stagingOf(staged, asOf),
        window,
        asOf,
        lateness: latenessAt(seen, asOf),
        refetch,
        signal: never,
        onPage: () => undefined,
      });
      instrument = outcome.instrument;
    },
    async store(executionId, { asOf }) {
      const staged = runs.get(executionId) as Staged;
      const kept = new Map<string, CandidateRow>();
      const facts = { market: 'probability', opensAt: instrument?.opensAt ?? null, tickSize: null, asOf } as const;
      for (const page of staged.pages) {
        for (const row of page.rows) {
          if (assessTick(row, facts).verdict !== 'ok') continue;
          kept.set(row.identity, row);
          ticks.set(keyOf(row), row);
        }
      }
      const end = staged.withdrawnFrom ?? Number.POSITIVE_INFINITY;
      const stays = covered.map(({ from, to }) => ({ from, to: Math.min(to, end) })).filter(({ from, to }) => to > from);
      covered = union([...stays, ...staged.ranges]);
      looked = staged.looked === null ? looked : Math.max(looked ?? 0, staged.looked);
      return { ranges: union(staged.ranges), whole: staged.looked !== null, kept };
    },
    ticks: async () =>
      [...ticks.values()].map(({ identity, time, price, size }) => ({ id: identity, time: time ?? 0, price: price ?? 0, size })),
    covered: async () => covered,
    instrument: async () => instrument,
    lateness: async (asOf) => latenessAt(seen, asOf),
  };
}
