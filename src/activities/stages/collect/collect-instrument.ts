import type { CandidateRow, Instrument } from '../../../contracts/market-data.ts';
import { withTradeAt } from '../../../sources/catalogue/market-life.ts';
import type { CollectedBefore, CollectRequest, SourcePage, WalkSeen } from '../../../sources/source.ts';
import type { CollectProgress } from '../../../storage/staging/collect-progress.ts';
import type { PlannedInstrument } from './collect-plan.ts';

const HOUR_MS = 3_600_000;

/** Stages one instrument's pages, and knows what earlier runs found out about the instrument. */
export interface InstrumentStaging {
  /** Progress of an earlier attempt of this run. */
  readonly progress: CollectProgress | undefined;
  before(): Promise<CollectedBefore>;
  keep(page: SourcePage & { readonly pageNumber: number }, instrument: Instrument, reached: CollectProgress): Promise<void>;
  finish(reached: CollectProgress): Promise<void>;
}

export interface InstrumentCollection
  extends Pick<CollectRequest, 'window' | 'asOf' | 'lateness' | 'refetch' | 'shared' | 'signal'>,
    Required<Pick<CollectRequest, 'sampled' | 'tradesOnly'>> {
  readonly planned: PlannedInstrument;
  readonly staging: InstrumentStaging;
  readonly onPage: (page: { readonly rows: readonly CandidateRow[] }) => void;
}

export interface InstrumentOutcome {
  /** The instrument with the order book that was read. A trade after its end moves the end. */
  readonly instrument: Instrument;
  readonly problems: readonly string[];
  /** Number of covered hours that were read again without finding a missing trade, and number of missing trades found. */
  readonly secondLook: { readonly hours: number; readonly missed: number };
  /** Result of the walk through the instrument's trades; absent if no walk ended in this attempt. */
  readonly walked?: WalkSeen;
}

/** Streams one instrument's pages into staging. Each page is one transaction with its ranges and cursor; a retry continues there. */
export async function collectInstrument({ planned, staging, onPage, ...walk }: InstrumentCollection): Promise<InstrumentOutcome> {
  const { source, selectors, clock } = planned;
  const problems: string[] = [];
  let { instrument } = planned;
  const secondLook = { hours: 0, missed: 0 };
  let walked: WalkSeen | undefined;
  if (staging.progress?.done === true) return { instrument, problems, secondLook };

  let { pages, requests, cursor } = staging.progress ?? { pages: 0, requests: 0, cursor: null };
  const before = await staging.before();
  const stream = source.collect({ ...walk, instrument, selectors, clock, before, cursor: cursor ?? undefined });
  for await (const page of stream) {
    walk.signal.throwIfAborted();
    const pageNumber = pages;
    pages += 1;
    requests += page.requests;
    cursor = page.cursor;
    if (page.walked !== undefined) {
      instrument = withTradeAt(instrument, page.walked.newest);
      if (page.kind === 'trade') walked = page.walked;
    }
    if (page.book !== undefined) instrument = { ...instrument, book: page.book };
    await staging.keep({ ...page, pageNumber }, instrument, { pages, requests, cursor, done: false });
    problems.push(...(page.problems ?? []));
    for (const { from, to, evidence } of page.coverage) if (evidence === 'confirmed') secondLook.hours += (to - from) / HOUR_MS;
    secondLook.missed += page.walked?.missed ?? 0;
    onPage(page);
  }
  if (pages > 0) await staging.finish({ pages, requests, cursor, done: true });
  return { instrument, problems, secondLook, walked };
}
