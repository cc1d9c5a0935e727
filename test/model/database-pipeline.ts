import { createCollect } from '../../src/activities/stages/collect/collect.ts';
import { recordedWork } from '../../src/activities/stages/stage-work.ts';
import type { CandidateRow, TimeRange } from '../../src/contracts/market-data.ts';
import type { Database } from '../../src/storage/database/database.ts';
import { importSymbols } from '../../src/storage/markets/catalogue.ts';
import { instrumentById } from '../../src/storage/markets/instruments.ts';
import { lastReadFirst } from '../../src/storage/staging/staging.ts';
import { coverageOf } from '../../src/storage/ticks/coverage.ts';
import { latenessByInstrument } from '../../src/storage/ticks/lateness.ts';
import { doubtsOf } from '../../src/storage/ticks/second-witness.ts';
import { storedTrades } from '../sources/collect-rig.ts';
import { empty } from '../support/postgres.ts';
import { silent } from '../support/silent.ts';
import { runStage } from '../support/stage-run.ts';
import type { ModelVenue } from './model-venue.ts';
import type { Pipeline } from './pipeline.ts';

const SYMBOL = 'RAIN';
const INSTRUMENT = 'predict:1';
const TABLES = ['symbols', 'instruments', 'ledger', 'runs', 'staged_rows', 'ticks', 'source_lateness', 'collect_owners'];

/** The pipeline of the real stages, on an empty database. */
export async function databasePipeline(database: Database, venue: ModelVenue): Promise<Pipeline> {
  await empty(database, TABLES);
  await importSymbols(database, [{ symbol: SYMBOL, title: '', enabled: true, priority: 3, sources: { predict: [{ marketId: 1 }] } }]);
  const byType = { predict: { source: venue.source }, polymarket: { skipped: '' }, file: { skipped: '' } };
  const collect = createCollect({ database, sources: { byType } });
  const keyOf = async (): Promise<number | undefined> => (await instrumentById(database, INSTRUMENT))?.key;
  return {
    async attempt(executionId, { asOf, daysBack, refetch }) {
      const about = { runId: 'run', executionId, symbol: SYMBOL, stage: 'collect' } as const;
      const settings = { asOf, daysBack, sourceTypes: ['predict'], refetch, intervals: ['1h'], strategies: [] } as const;
      await collect({ ...about, settings }, recordedWork(database, about, { log: silent }));
    },
    async store(executionId, { asOf, daysBack }) {
      const staged = await database.query<TimeRange & { looked: number | null }>(
        `select lower(r) as "from", upper(r) as "to", c.looked from staged_coverage c join staging_batches b on b.id = c.batch
         left join lateral unnest(c.ranges) as r on true where b.execution_id = $1`,
        [executionId],
      );
      const { rows } = await database.query<Pick<CandidateRow, 'identity' | 'price' | 'size'>>(
        `select distinct on (s.identity) s.identity, s.price, s.size from staged_rows s join staging_batches b on b.id = s.batch
         where b.execution_id = $1 and s.price <= 1 order by s.identity, ${lastReadFirst('s.position')}`,
        [executionId],
      );
      const run = { executionId, symbol: SYMBOL, asOf, daysBack, intervals: ['5m', '1h'] as const };
      for (const stage of ['clean', 'store', 'kline'] as const) await runStage(database, stage, run);
      return {
        ranges: staged.rows.filter(({ from }) => from !== null).map(({ from, to }) => ({ from, to })),
        whole: staged.rows.some(({ looked }) => looked !== null),
        kept: new Map(rows.map((row) => [row.identity, row as CandidateRow])),
      };
    },
    ticks: async () =>
      (await storedTrades(database, INSTRUMENT)).map(({ tradeId, time, price, size }) => ({ id: tradeId ?? '', time, price, size })),
    covered: async () => {
      const key = await keyOf();
      return key === undefined ? [] : await coverageOf(database, key, 'trade');
    },
    instrument: () => instrumentById(database, INSTRUMENT),
    lateness: async (asOf) => (await latenessByInstrument(database, SYMBOL, asOf))({ id: INSTRUMENT, source: 'predict' }),
    alarms: async () => (await doubtsOf(database, SYMBOL)).map(({ reason }) => reason),
  };
}
