import { type SandboxOptions, type SandboxVenue, startSandboxVenue } from '../../sandbox/venue.ts';
import { createCollect } from '../../src/activities/stages/collect/collect.ts';
import { recordedWork } from '../../src/activities/stages/stage-work.ts';
import { type CatalogueEntry, catalogueSchema } from '../../src/contracts/catalogue.ts';
import type { StageEffect } from '../../src/contracts/task/stage-report.ts';
import type { SourceType } from '../../src/contracts/words.ts';
import { createSources, type SourceSet } from '../../src/sources/create-sources.ts';
import type { Database } from '../../src/storage/database/database.ts';
import { importSymbols } from '../../src/storage/markets/catalogue.ts';
import { createPostgresWindows } from '../../src/storage/rate-budget.ts';
import { testDatabase } from '../support/postgres.ts';
import { silent } from '../support/silent.ts';
import { runStage } from '../support/stage-run.ts';

export const DAY = 86_400_000;
/** Noon of a working day; the sandbox's frozen clock unless a test sets another. */
export const NOON = Date.UTC(2026, 5, 10, 12);

export interface CollectRun {
  readonly symbol: string;
  readonly executionId: string;
  readonly asOf?: number;
  readonly daysBack?: number;
  readonly sourceTypes?: readonly SourceType[];
  readonly refetch?: boolean;
  readonly signal?: AbortSignal;
  /** The task has no retry left after this attempt. @default false */
  readonly lastAttempt?: boolean;
  /** How long the attempt may take, in milliseconds. @default as long as it takes */
  readonly timeoutMs?: number;
  /** Other sources than the rig's own. */
  readonly sources?: SourceSet;
}

/** A sandbox venue, a database and the sources between them. */
export interface CollectRig {
  readonly venue: SandboxVenue;
  readonly database: Database;
  readonly sources: SourceSet;
  add(...entries: readonly { symbol: string; sources: CatalogueEntry['sources'] }[]): Promise<void>;
  /** One attempt of collect, as the worker runs it. */
  collect(run: CollectRun): Promise<StageEffect>;
  /** Collect, clean and store: what a run does to the data. */
  collectAndStore(run: CollectRun): Promise<{ collect: StageEffect; clean: StageEffect; store: StageEffect }>;
  close(): Promise<void>;
}

export async function createCollectRig(options: SandboxOptions & { env?: Record<string, string> } = {}): Promise<CollectRig> {
  const { env = {}, ...sandbox } = options;
  const venue = await startSandboxVenue({ seed: 7, now: NOON, ...sandbox });
  const { database, close } = await testDatabase();
  const sources = createSources({ env: { ...venue.environment, ...env }, windows: createPostgresWindows(database) });

  const settingsOf = ({ asOf = venue.now(), daysBack = 2, sourceTypes = ['polymarket', 'predict'], refetch = false }: CollectRun) =>
    ({ asOf, daysBack, sourceTypes, refetch, intervals: ['1h'], strategies: [] }) as const;

  const collect = async (run: CollectRun): Promise<StageEffect> => {
    const { symbol, executionId } = run;
    const about = { runId: 'run', executionId, symbol, stage: 'collect' } as const;
    return await createCollect({ database, sources: run.sources ?? sources })(
      { ...about, settings: settingsOf(run) },
      recordedWork(database, about, {
        log: silent,
        mayRetry: ({ retryable }) => retryable && run.lastAttempt !== true,
        ...(run.signal === undefined ? {} : { signal: run.signal }),
        ...(run.timeoutMs === undefined ? {} : { timeoutMs: run.timeoutMs }),
      }),
    );
  };

  return {
    venue,
    database,
    sources,
    async add(...entries) {
      await importSymbols(database, catalogueSchema.parse(entries));
    },
    collect,
    async collectAndStore(run) {
      const collected = await collect(run);
      const { asOf, daysBack } = settingsOf(run);
      const stage = { executionId: run.executionId, symbol: run.symbol, asOf, daysBack };
      const clean = await runStage(database, 'clean', stage);
      const store = await runStage(database, 'store', stage);
      return { collect: collected, clean, store };
    },
    async close() {
      await sources.close();
      await venue.close();
      await close();
    },
  };
}

/** A tick as it is stored, in the sandbox truth's shape. */
export interface StoredTick {
  readonly time: number;
  readonly price: number;
  readonly size: number | null;
  readonly side: 'buy' | 'sell' | null;
  readonly outcome: string | null;
  readonly tradeId: string | null;
}

/** The trades of an instrument as stored, oldest first in the order that candles are built in. */
export async function storedTrades(database: Database, instrument: string): Promise<readonly StoredTick[]> {
  const { rows } = await database.query<StoredTick>(
    `select t.time, t.price, t.size, case t.side when 1 then 'buy' when 0 then 'sell' end as side, t.outcome, t.trade_id as "tradeId"
     from ticks t join instruments i on i.key = t.instrument where i.id = $1 and t.kind = 0 order by t.time, t.seq`,
    [instrument],
  );
  return rows;
}

/** What the sandbox says must be stored, without its own bookkeeping. */
export const trueTrades = (rig: CollectRig, instrument: string, window: { from: number; to: number }): readonly StoredTick[] =>
  rig.venue.truth
    .ticks(instrument, window)
    .map(({ time, price, size, side, outcome, tradeId }) => ({ time, price, size, side, outcome, tradeId }));
