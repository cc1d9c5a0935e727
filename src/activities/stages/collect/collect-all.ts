import type { CandidateRow, Instrument } from '../../../contracts/market-data.ts';
import type { SourceType } from '../../../contracts/words.ts';
import { crowdedSignal } from '../../../sources/http/crowded-signal.ts';
import { createGate } from '../../../sources/http/gate.ts';
import type { SharedPage } from '../../../sources/source.ts';
import { planWalk } from '../../../sources/walk/trade-walk.ts';
import { type SourceEnd, SourceFailures } from './collect-failures.ts';
import { collectInstrument, type InstrumentOutcome, type InstrumentStaging } from './collect-instrument.ts';
import { type CollectPlan, type DiscoveryEnd, type PlannedInstrument, type PlanRequest, planCollection } from './collect-plan.ts';
import { collectTogether, type SharedEstimates } from './collect-together.ts';

/** Maximum number of instruments of one symbol and source that are collected concurrently; rate budgets limit their requests. */
const INSTRUMENTS_AT_ONCE = 8;

export interface CollectionRequest extends PlanRequest, SharedEstimates {
  readonly refetch: boolean;
  /** Whether to collect trades only, with requests that several markets share for their newest trades. @default false */
  readonly tradesOnly?: boolean;
  /** Stores the plan of a source before its first instrument is collected. */
  readonly onPlan: (plan: CollectPlan) => Promise<void>;
  /** Returns where the pages of an instrument are staged; undefined for an instrument that is not collected. */
  readonly stagingOf: (instrument: Instrument) => InstrumentStaging | undefined;
  /** Returns the expected lateness of an instrument's rows, in milliseconds. */
  readonly lateness: (instrument: Instrument) => number;
  /** Whether the walk of an instrument also reads covered time again, to check that no trade is missing there. */
  readonly isSampled: (instrument: Instrument) => boolean;
  /** Whether an error comes from PredictLab (the database) and not from the venue: it ends the attempt. */
  readonly isInternal: (error: unknown) => boolean;
  readonly onPage: (
    page: { readonly rows: readonly CandidateRow[] },
    progress: { readonly instrument: Instrument; readonly done: number },
  ) => void;
}

export interface Collection {
  readonly plans: readonly CollectPlan[];
  /** Outcomes of the instruments that were collected completely or refused by their venue, by instrument id. */
  readonly outcomes: ReadonlyMap<string, InstrumentOutcome>;
  readonly ends: ReadonlyMap<SourceType, SourceEnd>;
}

/** Finds and collects the instruments of every source. Sources do not wait for each other, so a venue that hangs delays only itself. */
export async function collectAll(request: CollectionRequest): Promise<Collection> {
  // an error of PredictLab itself ends the attempt and does not count as a failure of the venue
  const internal = new AbortController();
  const signal = crowdedSignal(request.signal, internal.signal);
  const outcomes = new Map<string, InstrumentOutcome>();
  const settled = await Promise.allSettled(
    request.sourceTypes.map(async (type) => {
      const plan = await planCollection({ ...request, sourceTypes: [type], signal });
      await request.onPlan(plan);
      const found = plan.sources.get(type);
      if (found === undefined) return { plan, end: undefined };
      return { plan, end: await collectSource({ type, found, plan, request, outcomes, internal, signal }) };
    }),
  );
  request.signal.throwIfAborted();
  internal.signal.throwIfAborted();
  const sources = settled.map((each) => {
    if (each.status === 'rejected') throw each.reason;
    return each.value;
  });
  return {
    plans: sources.map(({ plan }) => plan),
    outcomes,
    ends: new Map(sources.flatMap(({ end }, index) => (end === undefined ? [] : [[request.sourceTypes[index], end] as const]))),
  };
}

interface SourceCollection {
  readonly type: SourceType;
  readonly found: DiscoveryEnd;
  readonly plan: CollectPlan;
  readonly request: CollectionRequest;
  readonly outcomes: Map<string, InstrumentOutcome>;
  readonly internal: AbortController;
  readonly signal: AbortSignal;
}

async function collectSource({ type, found, plan, request, outcomes, internal, signal }: SourceCollection): Promise<SourceEnd> {
  if ('error' in found) return { error: found.error, worked: false };
  const { window, asOf, refetch, tradesOnly = false, lateness, time, onPage } = request;
  const failures = new SourceFailures(plan.instruments.length);
  const collecting = crowdedSignal(signal, failures.signal, time.signal);

  const collectOne = async (planned: PlannedInstrument, shared?: SharedPage): Promise<void> => {
    const { instrument, source } = planned;
    const staging = request.stagingOf(instrument);
    if (staging === undefined) return;
    try {
      const outcome = await collectInstrument({
        planned,
        staging,
        window,
        asOf,
        lateness: lateness(instrument),
        sampled: request.isSampled(instrument),
        refetch,
        tradesOnly,
        shared,
        signal: collecting,
        onPage: (page) => onPage(page, { instrument, done: outcomes.size }),
      });
      outcomes.set(instrument.id, outcome);
      failures.succeeded();
    } catch (error) {
      if (collecting.aborted) return;
      if (request.isInternal(error)) internal.abort(error);
      else failures.add(instrument, source.describe(error));
    }
  };

  const gate = createGate(INSTRUMENTS_AT_ONCE);
  // a closed market that is collected to its end needs no request, so it takes no place in a shared request
  const isDue = async ({ instrument, clock }: PlannedInstrument): Promise<boolean> => {
    const before = instrument.closed ? await request.stagingOf(instrument)?.before() : undefined;
    if (before === undefined) return !instrument.closed;
    const { covered, looked } = before;
    const walk = { instrument, window, asOf, clock, lateness: lateness(instrument), refetch, covered: covered.trade, looked: looked.trade };
    return planWalk(walk).depth !== 'none';
  };
  const sharing = tradesOnly && !refetch ? plan.instruments.filter(({ source }) => source.shared !== undefined) : [];
  const due = await Promise.all(sharing.map(isDue));
  const together = new Set(sharing.filter((_, index) => due[index]));
  const alone = plan.instruments.filter((planned) => !together.has(planned));
  await Promise.allSettled([
    ...alone.map((planned) => gate(() => collectOne(planned), collecting)),
    collectTogether({ planned: [...together], request, signal: collecting, collectOne }),
  ]);
  const { tolerated } = failures;
  const isLate = time.signal.aborted && plan.instruments.some(({ instrument: { id } }) => !outcomes.has(id) && !tolerated.has(id));
  for (const { instrument } of plan.instruments) {
    const message = tolerated.get(instrument.id);
    if (message !== undefined) outcomes.set(instrument.id, { instrument, problems: [message], secondLook: { hours: 0, missed: 0 } });
  }
  const error = failures.error ?? (isLate ? time.error(type) : undefined);
  return { error, worked: plan.instruments.length === 0 || failures.anySucceeded };
}
