import { hash } from 'node:crypto';
import { badInput } from '../../../contracts/errors.ts';
import type { TimeRange } from '../../../contracts/market-data.ts';
import type { Json } from '../../../contracts/run/pipeline-input.ts';
import { windowOf } from '../../../contracts/run/run-window.ts';
import type { StageEffect, StageInput } from '../../../contracts/task/stage-report.ts';
import { DAY_MS, type SourceType } from '../../../contracts/words.ts';
import { MAX_LATENESS_MS, MIN_LATENESS_MS } from '../../../market/lateness.ts';
import type { SourceSet } from '../../../sources/create-sources.ts';
import { createRequestTally } from '../../../sources/http/request-tally.ts';
import type { Database } from '../../../storage/database/database.ts';
import { isDatabaseFailure } from '../../../storage/database/storage-error.ts';
import { type NamedEntry, symbolsByName } from '../../../storage/markets/catalogue.ts';
import { instrumentsOf, type StoredInstrument, saveInstruments } from '../../../storage/markets/instruments.ts';
import { noteRefusedOutcomes } from '../../../storage/markets/outcome-changes.ts';
import { CollectTakenOver, claimCollect, collectProgressOf, collectTotals, endCollect } from '../../../storage/staging/collect-progress.ts';
import { lastLooks, withdrawalsOf, withdrawCoverage } from '../../../storage/ticks/coverage.ts';
import { latenessByInstrument } from '../../../storage/ticks/lateness.ts';
import { doubtsOf, judgeSymbol, noteStated, type WitnessVerdicts } from '../../../storage/ticks/second-witness.ts';
import { storedTradesOf } from '../../../storage/ticks/ticks.ts';
import type { StageFunction, StageWork } from '../stage-work.ts';
import { type Collection, collectAll } from './collect-all.ts';
import { type FailedSources, failedForGood, failedSourceReasons, sourceTime } from './collect-failures.ts';
import type { InstrumentOutcome } from './collect-instrument.ts';
import { catchUpWindow } from './collect-plan.ts';
import { type ShardListing, saveShard, shardListing } from './collect-shard.ts';
import { compareHours } from './compare-hours.ts';
import { instrumentStaging } from './instrument-staging.ts';

export interface CollectDependencies {
  readonly database: Database;
  readonly sources: Pick<SourceSet, 'byType'>;
}

/** Maximum number of problems (of single selectors and instruments) in a result. */
const PROBLEMS_SHOWN = 10;

/**
 * Creates the stage `collect`: finds the instruments that a symbol's selectors match, streams the ticks that coverage lacks into staging
 * page by page, several instruments concurrently, and stores the order books it read.
 *
 * A failed instrument fails the attempt after the others are done, as long as a retry may succeed; the next attempt continues from the
 * staged rows. Sources that failed for good are named in `failedSources`; the stage fails only when no source delivered rows. Sources
 * without a key are skipped with their reason.
 */
export function createCollect({ database, sources }: CollectDependencies): StageFunction {
  return async (input, work) => {
    const { symbol, settings } = input;
    const { sourceTypes } = settings;
    const entry = (await symbolsByName(database, [symbol])).get(symbol);
    if (entry === undefined) {
      throw badInput(`symbol ${symbol} is not in the catalogue; add it with "predictlab symbols add ${symbol}" or "symbols import"`);
    }
    if (entry.kind === 'universe') {
      throw badInput(
        `${symbol}: its venues could not list its markets, so it has no shards yet; the worker's log says why, and the next run lists them again`,
      );
    }
    const known = await instrumentsOf(database, symbol, sourceTypes);
    const tally = createRequestTally();
    const { plans, outcomes, ends, witness, hole, shard, window } = await tally.count(() =>
      gather({ database, sources }, { entry, known, input, work }),
    );
    const instruments = plans.flatMap((plan) => plan.instruments.map(({ instrument }) => instrument));
    const skipped = plans.flatMap(({ skippedSources }) => Object.entries(skippedSources));
    const collected = instruments.flatMap((instrument) => outcomes.get(instrument.id)?.instrument ?? []);
    let failed: FailedSources;
    try {
      failed = failedForGood(ends, (error) => work.mayRetry(error));
    } catch (error) {
      // order books are stored even so, since the next attempt does not read them again
      const books = new Map(collected.map(({ id, book }) => [id, book]));
      const read = instruments
        .filter(({ id }) => books.has(id))
        .map((instrument) => ({ ...instrument, book: books.get(instrument.id) ?? null }));
      await saveInstruments(database, symbol, read);
      throw error;
    }
    const problems = [
      ...(hole === null ? [] : [holeSentence(symbol, hole, input.settings.asOf)]),
      ...plans.flatMap((plan) => plan.problems),
      ...witness.problems,
      ...(await doubtsOf(database, symbol)).map(doubtSentence),
      ...[...outcomes.values()].flatMap((outcome) => outcome.problems),
    ];
    const secondLook = secondLookOf([...outcomes.values()], witness);
    const found = [instruments, known, skipped, [...failed], problems];
    if (shard === undefined && found.every((list) => list.length === 0))
      problems.push(`${symbol} has no selectors for ${sourceTypes.join(', ')}; give it some with "predictlab symbols add"`);
    return await work.commit(async (transaction): Promise<StageEffect> => {
      await saveInstruments(transaction, symbol, collected);
      if (shard !== undefined) await saveShard(transaction, symbol, shard, { outcomes, to: window.to });
      await endCollect(transaction, { executionId: input.executionId, symbol });
      const totals = await collectTotals(transaction, { executionId: input.executionId, symbol });
      const sum = (of: 'ticks' | 'pages' | 'requests'): number => totals.reduce((total, each) => total + each[of], 0);
      const output: { [key: string]: Json } = {
        ticks: sum('ticks'),
        pages: sum('pages'),
        requests: plans.reduce((total, { requests }) => total + requests, sum('requests')),
        instruments: instruments.length,
        ...(shard !== undefined && { members: shard.members, quiet: shard.quiet.length }),
        sources: Object.fromEntries(totals.map(({ source, ticks }) => [source, ticks])),
        ...(secondLook.marketHours > 0 && { secondLook }),
        ...(!tally.isClean && { answers: tally.answers() }),
        ...(tally.changes().length > 0 && { venueChanges: [...tally.changes()] }),
        ...(skipped.length > 0 && { skippedSources: Object.fromEntries(skipped) }),
        ...(failed.size > 0 && { failedSources: Object.fromEntries([...failed].map(([source, { message }]) => [source, message])) }),
      };
      const degraded = [...skipped.map(([, reason]) => reason), ...failedSourceReasons(failed), ...shortened(problems)];
      return degraded.length > 0 ? { output, degraded } : { output };
    });
  };
}

/** Share of instruments whose covered time a run reads again, to check that no trade is missing. */
const SAMPLED_SHARE = 0.01;

/** Whether an instrument is sampled in a run: seeded by the run, so that another attempt samples the same instruments. */
const isSampled = (executionId: string, id: string): boolean =>
  Number.parseInt(hash('sha1', `${executionId} ${id}`, 'hex').slice(0, 8), 16) < SAMPLED_SHARE * 2 ** 32;

const doubtSentence = ({ id, reason, from, to }: { id: string; reason: string; from: number; to: number }): string =>
  `${id}: its venue states ${reason} from ${new Date(from).toISOString()} to ${new Date(to).toISOString()}: this time does not count as collected until both agree; it is walked again every day`;

/** Market-hours of covered time that this run checked, by reading them again or by the venue's totals, and those that it confirmed. */
function secondLookOf(outcomes: readonly InstrumentOutcome[], witness: WitnessVerdicts): { marketHours: number; confirmed: number } {
  const walked = outcomes.reduce((sum, { secondLook }) => sum + secondLook.hours, 0);
  const missed = outcomes.reduce((sum, { secondLook }) => sum + secondLook.missed, 0);
  return { marketHours: Math.round(walked + missed + witness.hours), confirmed: Math.round(walked + witness.agreed) };
}

const holeSentence = (symbol: string, { from, to }: TimeRange, asOf: number): string =>
  `${symbol}: nothing was collected from ${new Date(from).toISOString()} to ${new Date(to).toISOString()}, which is longer ago than this run catches up; collect it with "predictlab run --symbols ${symbol} --days ${Math.ceil((asOf - from) / DAY_MS)}" or a longer catchUp`;

interface Gathering {
  readonly entry: NamedEntry;
  readonly known: readonly StoredInstrument[];
  readonly input: StageInput;
  readonly work: StageWork;
}

interface Gathered extends Collection {
  readonly witness: WitnessVerdicts;
  readonly hole: TimeRange | null;
  readonly window: TimeRange;
  /** For a shard, what the last listing of its universe says about its markets. */
  readonly shard?: ShardListing;
}

/** Finds the symbol's instruments and stages their rows, within the time limit of its sources. */
async function gather({ database, sources }: CollectDependencies, { entry, known, input, work }: Gathering): Promise<Gathered> {
  const { executionId, symbol, settings } = input;
  const { asOf, daysBack, sourceTypes, refetch } = settings;
  // from here on a delayed earlier attempt can no longer write, so the progress that is read below is final
  const owner = await claimCollect(database, { executionId, symbol });
  const earlier = await collectProgressOf(database, { executionId, symbol });
  // hourly volumes are not compared for a universe, whose many markets are confirmed by the totals of later listings
  const inHours =
    entry.universe === undefined
      ? await compareHours({ database, sources: sources.byType }, { symbol, sourceTypes, asOf }, work)
      : { hours: 0, agreed: 0 };
  // compares the totals that the venue stated at earlier looks with the stored trades
  const byTotals = await database.transaction((transaction) => judgeSymbol(transaction, symbol, asOf));
  const witness = { ...byTotals, hours: byTotals.hours + inHours.hours, agreed: byTotals.agreed + inHours.agreed };
  // read before any venue is queried, so that coverage withdrawn from now on is also removed from this run's claims
  const withdrawals = new Map(await withdrawalsOf(database, symbol));
  const looks = await lastLooks(database, symbol, { sourceTypes, asOf });
  const { window, hole } = catchUpWindow(windowOf({ asOf, daysBack }), looks, settings.catchUpMs);
  const lateness = await latenessByInstrument(database, symbol, asOf);
  const sampled = ({ id }: { readonly id: string }): boolean => !refetch && isSampled(executionId, id);
  const { universe } = entry;
  const listing = { database, input, known, window, sourceTypes: ruledBy(entry, sourceTypes), lateness, isSampled: sampled };
  const shard = universe === undefined ? undefined : await shardListing({ ...listing, universe });
  const quiet = new Set(shard?.quiet.map(({ key }) => key));
  const walked = known.filter(({ key }) => !quiet.has(key));
  const walkedKeys = walked.map(({ key }) => key);
  const stored = shard === undefined ? undefined : await storedTradesOf(database, walkedKeys, window.from);
  const keys = new Map<string, number>();
  const counts = { pages: 0, rows: 0 };
  const time = sourceTime(work.timeoutMs, sourceTypes.filter((type) => (entry.sources[type] ?? []).length > 0).length);
  try {
    const collection = await collectAll({
      entry,
      sourceTypes,
      sources: sources.byType,
      window,
      asOf,
      known: walked,
      listed: shard?.listed,
      tradesOnly: shard !== undefined,
      stored,
      worth: shard?.worth,
      since: looks.length === 0 ? window.from : Math.max(...looks) + MAX_LATENESS_MS - 2 * MIN_LATENESS_MS,
      refetch,
      time,
      signal: work.signal,
      lateness,
      isSampled: sampled,
      onPlan: async ({ instruments, followed, doubtful, refused }) => {
        const found = instruments.map(({ instrument }) => instrument);
        // one transaction: after a crash between the new facts and the withdrawal, the next attempt would not know the earlier end
        const withdrawn = await database.transaction(async (transaction) => {
          for (const [id, key] of await saveInstruments(transaction, symbol, [...found, ...followed])) keys.set(id, key);
          const totals = found.flatMap(({ id, stated }) => (stated === undefined ? [] : [{ key: keys.get(id) as number, stated }]));
          await noteStated(transaction, totals);
          const places = inOrder(doubtful, keys);
          for (const { key, from } of places) await withdrawCoverage(transaction, key, from);
          await noteRefusedOutcomes(transaction, refused);
          return places;
        });
        for (const { key } of withdrawn) withdrawals.set(key, (withdrawals.get(key) ?? 0) + 1);
      },
      stagingOf: ({ id }) => {
        const instrumentKey = keys.get(id);
        if (instrumentKey === undefined) return undefined;
        const place = { executionId, symbol, owner, instrumentKey, asOf, withdrawals: withdrawals.get(instrumentKey) ?? 0 };
        const doubted = witness.doubted.get(instrumentKey) ?? [];
        return instrumentStaging({ database, ...place, doubted, progress: earlier.get(instrumentKey) });
      },
      isInternal: (error) => isDatabaseFailure(error) || error instanceof CollectTakenOver,
      onPage: ({ rows }, { instrument, done }) => {
        counts.pages += 1;
        counts.rows += rows.length;
        work.heartbeat({ ...counts, instruments: `${done}/${keys.size}`, instrument: instrument.id });
      },
    });
    return { ...collection, witness, hole, window, ...(shard !== undefined && { shard }) };
  } finally {
    time.close();
  }
}

/** The sources, among `types`, for which a catalogue entry has selectors or rules. */
const ruledBy = ({ sources }: NamedEntry, types: readonly SourceType[]): readonly SourceType[] =>
  types.filter((type) => (sources[type] ?? []).length > 0);

/** Withdrawals sorted by instrument key, the order in which all transactions lock instruments. */
const inOrder = (doubtful: ReadonlyMap<string, number>, keys: ReadonlyMap<string, number>): readonly { key: number; from: number }[] =>
  [...doubtful].map(([id, from]) => ({ key: keys.get(id) as number, from })).sort((a, b) => a.key - b.key);

function shortened(problems: readonly string[]): readonly string[] {
  if (problems.length <= PROBLEMS_SHOWN) return problems;
  return [...problems.slice(0, PROBLEMS_SHOWN), `and ${problems.length - PROBLEMS_SHOWN} more of this kind`];
}
