import { PredictLabError } from '../../contracts/errors.ts';
import type { Json } from '../../contracts/pipeline-input.ts';
import { windowOf } from '../../contracts/run-window.ts';
import type { StageEffect } from '../../contracts/stage-effect.ts';
import type { StageInput } from '../../contracts/stage-report.ts';
import type { SourceType } from '../../contracts/words.ts';
import type { SourceSet } from '../../sources/create-sources.ts';
import { crowdedSignal } from '../../sources/http/crowded-signal.ts';
import { createGate } from '../../sources/http/gate.ts';
import { createRequestTally } from '../../sources/http/request-tally.ts';
import type { Database } from '../../storage/database/database.ts';
import { symbolsByName } from '../../storage/markets/catalogue.ts';
import { instrumentsOf, saveInstruments } from '../../storage/markets/instruments.ts';
import { CollectTakenOver, claimCollect, endCollect } from '../../storage/staging/collect-owner.ts';
import { collectProgressOf, collectTotals } from '../../storage/staging/collect-progress.ts';
import { latenessBySource } from '../../storage/ticks/lateness.ts';
import { SourceFailures } from './collect-failures.ts';
import { collectInstrument, type InstrumentOutcome } from './collect-instrument.ts';
import { type CollectPlan, type DiscoveryEnd, type PlannedInstrument, planCollection } from './collect-plan.ts';
import { type FailedSources, failedForGood, failedSourceReasons, type SourceEnd } from './failed-sources.ts';
import { instrumentStaging } from './instrument-staging.ts';
import type { StageFunction, StageWork } from './stage-work.ts';

/** What `collect` is made with. */
export interface CollectDependencies {
  readonly database: Database;
  readonly sources: Pick<SourceSet, 'byType'>;
}

/** Instruments of one symbol and source collected at once; the venues' budgets bound the requests. */
const INSTRUMENTS_AT_ONCE = 8;
/** Sentences about single selectors and instruments that a result carries at most. */
const PROBLEMS_SHOWN = 10;

/**
 * The collect stage: from a symbol's selectors to staged rows. Finds the instruments of the window, streams what coverage
 * lacks page by page into staging, several instruments at once, and records the order books it saw.
 *
 * An instrument that fails fails the attempt once the others are done, as long as another attempt may mend it: what is staged
 * stays, and the next attempt goes on from there. What has failed for good is named in `failedSources`, and the stage succeeds
 * with what the others gave; it fails when no source gave anything. Sources without a key are skipped with their reason.
 */
export function createCollect({ database, sources }: CollectDependencies): StageFunction {
  return async (input, work) => {
    const { symbol, settings } = input;
    const { asOf, daysBack, sourceTypes } = settings;
    const entry = (await symbolsByName(database, [symbol])).get(symbol);
    if (entry === undefined) {
      throw new PredictLabError(
        'BadInput',
        `symbol ${symbol} is not in the catalogue; add it with "predictlab symbols add ${symbol}" or "symbols import"`,
      );
    }
    const window = windowOf({ asOf, daysBack });
    const known = await instrumentsOf(database, symbol, sourceTypes);
    const tally = createRequestTally();
    const signal = crowdedSignal(work.signal);
    const plan = await tally.count(() => planCollection({ entry, sourceTypes, sources: sources.byType, window, asOf, known, signal }));
    const instruments = plan.instruments.map(({ instrument }) => instrument);
    const keys = await saveInstruments(database, symbol, [...instruments, ...plan.followed]);
    const { outcomes, ends } = await tally.count(() => collectAll({ database, input, work, plan, keys }));
    const collected = instruments.flatMap((instrument) => outcomes.get(instrument.id)?.instrument ?? []);
    let failed: FailedSources;
    try {
      failed = failedForGood(ends, (error) => work.mayRetry(error));
    } catch (error) {
      // the next attempt does not look at these order books again
      const books = new Map(collected.map(({ id, book }) => [id, book]));
      await saveInstruments(
        database,
        symbol,
        instruments.flatMap((instrument) => (books.has(instrument.id) ? [{ ...instrument, book: books.get(instrument.id) ?? null }] : [])),
      );
      throw error;
    }
    const problems = [...plan.problems, ...[...outcomes.values()].flatMap((outcome) => outcome.problems)];
    if (
      instruments.length === 0 &&
      known.length === 0 &&
      Object.keys(plan.skippedSources).length === 0 &&
      failed.size === 0 &&
      problems.length === 0
    ) {
      problems.push(`${symbol} has no selectors for ${sourceTypes.join(', ')}; give it some with "predictlab symbols add"`);
    }
    return await work.commit(async (transaction): Promise<StageEffect> => {
      await saveInstruments(transaction, symbol, collected);
      await endCollect(transaction, { executionId: input.executionId, symbol });
      const totals = await collectTotals(transaction, { executionId: input.executionId, symbol });
      const sum = (of: 'ticks' | 'pages' | 'requests'): number => totals.reduce((total, each) => total + each[of], 0);
      const skipped = Object.entries(plan.skippedSources);
      const output: { [key: string]: Json } = {
        ticks: sum('ticks'),
        pages: sum('pages'),
        requests: sum('requests') + plan.requests,
        instruments: instruments.length,
        sources: Object.fromEntries(totals.map(({ source, ticks }) => [source, ticks])),
        ...(!tally.isClean && { answers: tally.answers() }),
        ...(skipped.length > 0 && { skippedSources: Object.fromEntries(skipped) }),
        ...(failed.size > 0 && { failedSources: Object.fromEntries([...failed].map(([source, { message }]) => [source, message])) }),
      };
      const degraded = [...skipped.map(([, reason]) => reason), ...failedSourceReasons(failed), ...shortened(problems)];
      return degraded.length > 0 ? { output, degraded } : { output };
    });
  };
}

interface AllRequest {
  readonly database: Database;
  readonly input: StageInput;
  readonly work: StageWork;
  readonly plan: CollectPlan;
  readonly keys: ReadonlyMap<string, number>;
}

interface Collected {
  readonly outcomes: ReadonlyMap<string, InstrumentOutcome>;
  readonly ends: ReadonlyMap<SourceType, SourceEnd>;
}

/** Collects every planned instrument, a bounded number of each source at once, so that a venue that hangs keeps no other waiting. */
async function collectAll({ database, input, work, plan, keys }: AllRequest): Promise<Collected> {
  const { executionId, symbol, settings } = input;
  const { asOf, daysBack, refetch } = settings;
  // From here on an attempt that was held up writes no more; what it had staged is read after that.
  const owner = await claimCollect(database, { executionId, symbol });
  const earlier = await collectProgressOf(database, { executionId, symbol });
  const lateness = await latenessBySource(database, asOf);
  const outcomes = new Map<string, InstrumentOutcome>();
  // what goes wrong on our side is no venue's failure
  const ours = new SourceFailures(plan.instruments.length);
  const counts = { pages: 0, rows: 0 };

  const collectOne = async (planned: PlannedInstrument, failures: SourceFailures, signal: AbortSignal): Promise<void> => {
    const { instrument, source } = planned;
    const instrumentKey = keys.get(instrument.id);
    if (instrumentKey === undefined) return;
    try {
      const outcome = await collectInstrument({
        planned,
        staging: instrumentStaging({ database, executionId, symbol, owner, instrumentKey, asOf, progress: earlier.get(instrumentKey) }),
        window: windowOf({ asOf, daysBack }),
        asOf,
        lateness: lateness(instrument.source),
        refetch,
        signal,
        onPage: ({ rows }) => {
          counts.pages += 1;
          counts.rows += rows.length;
          work.heartbeat({ ...counts, instruments: `${outcomes.size}/${plan.instruments.length}`, instrument: instrument.id });
        },
      });
      outcomes.set(instrument.id, outcome);
      failures.succeeded();
    } catch (error) {
      if (signal.aborted) return;
      const named = source.describe(error);
      (isOurs(named) ? ours : failures).add(instrument, named);
    }
  };

  const collectSource = async (type: SourceType, found: DiscoveryEnd): Promise<readonly [SourceType, SourceEnd]> => {
    if ('error' in found) return [type, { error: found.error, worked: false }];
    const mine = plan.instruments.filter(({ source }) => source.type === type);
    const failures = new SourceFailures(mine.length);
    const signal = crowdedSignal(work.signal, failures.signal, ours.signal);
    const gate = createGate(INSTRUMENTS_AT_ONCE);
    await Promise.allSettled(mine.map((planned) => gate(() => collectOne(planned, failures, signal), signal)));
    for (const { instrument } of mine) {
      const message = failures.tolerated.get(instrument.id);
      if (message !== undefined) outcomes.set(instrument.id, { instrument, problems: [message] });
    }
    return [type, { error: failures.error, worked: mine.length === 0 || failures.anySucceeded }];
  };
  const ends = new Map(await Promise.all([...plan.sources].map(([type, found]) => collectSource(type, found))));
  work.signal.throwIfAborted();
  if (ours.error !== undefined) throw ours.error;
  return { outcomes, ends };
}

const isOurs = (error: PredictLabError): boolean => error.type === 'StorageUnavailable' || error instanceof CollectTakenOver;

function shortened(problems: readonly string[]): readonly string[] {
  if (problems.length <= PROBLEMS_SHOWN) return problems;
  return [...problems.slice(0, PROBLEMS_SHOWN), `and ${problems.length - PROBLEMS_SHOWN} more of this kind`];
}
