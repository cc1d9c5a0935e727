import { readFileSync } from 'node:fs';
import type { SandboxVenue } from '../../sandbox/venue.ts';
import { createCollect } from '../../src/activities/stages/collect/collect.ts';
import { recordedWork } from '../../src/activities/stages/stage-work.ts';
import { catalogueSchema } from '../../src/contracts/catalogue.ts';
import { createSources } from '../../src/sources/create-sources.ts';
import { sourceNames } from '../../src/sources/venues.ts';
import type { Database } from '../../src/storage/database/database.ts';
import { importSymbols } from '../../src/storage/markets/catalogue.ts';
import { testDatabase } from './postgres.ts';
import { silent } from './silent.ts';
import { runStages } from './stage-run.ts';

/** The asOf of every sandbox test; the venue's clock stands still at it. */
export const SANDBOX_NOW = Date.UTC(2026, 5, 10, 12);

/** Environment of a venue without price points: half the rows, on the same path through every stage. */
export const tradesAlone = ({ environment }: SandboxVenue): NodeJS.ProcessEnv => ({ ...environment, POLYMARKET_PRICE_POINTS: 'off' });

/** Imports the symbols of sandbox/catalogue.json, or only those named. */
export async function importSandboxSymbols(database: Database, only?: readonly string[]): Promise<void> {
  const entries = catalogueSchema.parse(JSON.parse(readFileSync(new URL('../../sandbox/catalogue.json', import.meta.url), 'utf8')));
  await importSymbols(database, only === undefined ? entries : entries.filter(({ symbol }) => only.includes(symbol)), { replace: true });
}

/** Rows that undisturbed stages store, one run and one symbol after the other, without Temporal. */
export async function undisturbedData(
  env: NodeJS.ProcessEnv,
  prepare: (database: Database) => Promise<void>,
  runs: readonly { readonly symbols: readonly string[]; readonly daysBack: number }[],
): Promise<Awaited<ReturnType<typeof storedData>>> {
  const { database, close } = await testDatabase();
  const sources = createSources({ env });
  try {
    await prepare(database);
    const collect = createCollect({ database, sources });
    const settings = { sourceTypes: sourceNames(), intervals: [], strategies: [], refetch: false, asOf: SANDBOX_NOW };
    for (const [n, { symbols, daysBack }] of runs.entries()) {
      for (const symbol of symbols) {
        const about = { runId: `run-${n}`, executionId: `run-${n}`, symbol, stage: 'collect' } as const;
        await collect({ ...about, settings: { ...settings, daysBack } }, recordedWork(database, about, { log: silent }));
        await runStages(database, { executionId: about.executionId, symbol, asOf: SANDBOX_NOW, daysBack });
      }
    }
    return await storedData(database);
  } finally {
    await sources.close();
    await close();
  }
}

/** Every stored tick and candle, without database keys, so that two databases can be compared. */
export async function storedData(database: Database): Promise<{ ticks: unknown[]; candles: unknown[]; coverage: unknown[] }> {
  const all = async (text: string) => (await database.query(text)).rows as unknown[];
  return {
    ticks: await all(`select i.id, t.kind, t.time, t.price, t.size, t.side, t.outcome, t.identity, t.trade_id,
        row_number() over (partition by t.instrument, t.kind order by t.time, t.seq) as place
      from ticks t join instruments i on i.key = t.instrument order by i.id, t.kind, t.time, place`),
    candles:
      await all(`select i.id, c.kind, c.interval_minutes, c.open_time, c.open, c.high, c.low, c.close, c.volume, c.quote_volume, c.trades, c.complete
      from candles c join instruments i on i.key = c.instrument order by i.id, c.kind, c.interval_minutes, c.open_time`),
    coverage: await all(
      'select i.id, c.kind, c.ranges::text from coverage c join instruments i on i.key = c.instrument order by i.id, c.kind',
    ),
  };
}
