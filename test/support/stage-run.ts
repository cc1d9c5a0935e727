import { createClean } from '../../src/activities/stages/clean.ts';
import { createKline } from '../../src/activities/stages/kline.ts';
import { type Probe, recordedWork, type StageFunction } from '../../src/activities/stages/stage-work.ts';
import { createStore } from '../../src/activities/stages/store.ts';
import type { CandidateRow, Instrument, TimeRange } from '../../src/contracts/market-data.ts';
import type { StageSettings } from '../../src/contracts/run/run-config.ts';
import type { StageEffect } from '../../src/contracts/task/stage-report.ts';
import type { Interval, Stage } from '../../src/contracts/words.ts';
import { sourceNames } from '../../src/sources/venues.ts';
import type { Database } from '../../src/storage/database/database.ts';
import { saveInstruments } from '../../src/storage/markets/instruments.ts';
import { stageCoverage, stagePage } from '../../src/storage/staging/staging.ts';
import { silent } from './silent.ts';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
/** Midnight UTC of a Monday. */
export const START = Date.UTC(2026, 10, 2);

/** A market that has traded since before START. */
export function instrument(id = 'polymarket:0x1', facts: Partial<Instrument> = {}): Instrument {
  return {
    id,
    source: 'polymarket',
    market: 'probability',
    title: 'Will it rain?',
    outcomes: ['Yes', 'No'],
    outcomeIds: ['1', '2'],
    opensAt: null,
    closesAt: null,
    closed: false,
    resolution: { kind: 'open' },
    fees: null,
    tickSize: 0.01,
    twins: [],
    book: null,
    reference: 'rain',
    ...facts,
  };
}

/** A trade as a source returns it. */
export function trade(time: number, price: number, facts: Partial<CandidateRow> = {}): CandidateRow {
  const identity = facts.identity ?? `t${time}-${price}`;
  return {
    kind: 'trade',
    time,
    price,
    size: 10,
    side: 'buy',
    outcome: 'Yes',
    tradeId: null,
    identity,
    raw: JSON.stringify({ time, price, identity }),
    defect: null,
    ...facts,
  };
}

/** The rows that a collection fetched for one instrument. */
export interface Collected {
  readonly symbol?: string;
  readonly executionId: string;
  readonly instrument?: Instrument;
  /** Oldest first. */
  readonly rows: readonly CandidateRow[];
  readonly covered?: TimeRange;
}

export async function collect(
  database: Database,
  { symbol = 'RAIN', executionId, instrument: market = instrument(), rows, covered }: Collected,
): Promise<number> {
  const keys = await saveInstruments(database, symbol, [market]);
  const instrumentKey = keys.get(market.id) as number;
  await stagePage(database, { executionId, symbol, instrumentKey, pageNumber: 0, order: 'oldest-first', rows });
  if (covered !== undefined) await stageCoverage(database, { executionId, symbol, instrumentKey, kind: 'trade', ranges: [covered] });
  return instrumentKey;
}

export interface StageRun {
  readonly executionId: string;
  readonly symbol?: string;
  readonly asOf?: number;
  readonly daysBack?: number;
  readonly intervals?: readonly Interval[];
  readonly probe?: Probe;
}

/** Runs one of the data stages as the worker does, without Temporal around it. */
export async function runStage(database: Database, stage: 'clean' | 'store' | 'kline', run: StageRun): Promise<StageEffect> {
  const { probe, symbol = 'RAIN', executionId } = run;
  const dependencies = { database, log: silent, ...(probe === undefined ? {} : { probe }) };
  const stages: Partial<Record<Stage, StageFunction>> = {
    clean: createClean(dependencies),
    store: createStore(dependencies),
    kline: createKline(dependencies),
  };
  const settings: StageSettings = {
    sourceTypes: sourceNames(),
    intervals: run.intervals ?? ['1h', '4h', '1d'],
    daysBack: run.daysBack ?? 7,
    strategies: [],
    refetch: false,
    asOf: run.asOf ?? START + 7 * DAY,
  };
  const about = { runId: 'run', executionId, symbol, stage };
  return await (stages[stage] as StageFunction)({ ...about, settings }, recordedWork(database, about, { log: silent }));
}

export async function runStages(
  database: Database,
  run: StageRun,
): Promise<{ clean: StageEffect; store: StageEffect; kline: StageEffect }> {
  const clean = await runStage(database, 'clean', run);
  const store = await runStage(database, 'store', run);
  const kline = await runStage(database, 'kline', run);
  return { clean, store, kline };
}
