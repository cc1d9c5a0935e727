import path from 'node:path';
import { bySeries, COVERAGE_COLUMNS, type CoverageRow, coverageCells, withGaps } from '../../files/dataset/dataset-coverage.ts';
import { type DataFile, type Manifest, SCHEMA } from '../../files/dataset/manifest.ts';
import { rebuiltCandles } from '../../files/dataset/rebuild-candles.ts';
import { openFolder } from '../../files/dataset/write-folder.ts';
import { openDuckDb } from '../../files/duckdb.ts';
import { CANDLE_COLUMNS, type Table, tableOf } from '../../files/write/table.ts';
import { builtCandles } from '../../storage/candles/candles.ts';
import { type Database, onSnapshot, type Transaction } from '../../storage/database/database.ts';
import { instrumentsByKey, keysOf } from '../../storage/markets/instruments.ts';
import { coverageRecords } from '../../storage/ticks/coverage.ts';
import { tickMonths } from '../../storage/ticks/ticks.ts';
import { VERSION } from '../../version.ts';
import { EVERYTHING, type ExportFilter, selectedInstruments } from '../backtest/export-filter.ts';
import { EXPORTS, exportTable } from '../backtest/export-tables.ts';
import { columnTypes, PARTITIONS, partsOf } from './partitioned-export.ts';

const FORMAT = 'parquet';

/**
 * Writes ticks, the candles that they make, coverage with gaps and evidence, quarantine and the facts of instruments into a new folder. One
 * state of the database gives the same bytes each time.
 * @returns the files that were written
 */
export async function publishDataset(
  database: Database,
  { folder, symbols }: { readonly folder: string; readonly symbols: readonly string[] | undefined },
): Promise<readonly DataFile[]> {
  const filter = { ...EVERYTHING, symbols };
  const writer = await openFolder(folder, { grow: false });
  try {
    return await onSnapshot(database, async (transaction) => {
      const files: DataFile[] = [];
      const tables: Manifest['tables'] = {};
      const write = async (name: string, partition: string, table: Table): Promise<void> => {
        const file = await writer.write(partition, table, { name, format: FORMAT });
        tables[name] = columnTypes(table.columns);
        if (file !== undefined) files.push(file);
      };
      const instruments = await selectedInstruments(transaction, filter);
      const keys = keysOf(instruments);
      for (const part of partsOf(await tickMonths(transaction, instruments), PARTITIONS, filter)) {
        const { from, to, source } = part;
        await write(
          'ticks',
          `ticks/${part.folder}`,
          exportTable('ticks', transaction, { ...filter, from, to, sources: [source], byInstrument: true }),
        );
      }
      const { intervals, asOf } = await builtCandles(transaction, keys);
      const coverage = await coverageOf(transaction, filter);
      const counts = coverage.map(() => 0);
      const ticks = files.filter(({ table }) => table === 'ticks').map((file) => file.path);
      const duckDb = await openDuckDb();
      try {
        for (const venue of [...new Set(instruments.map(({ source }) => source))].sort()) {
          const ofVenue = ticks.filter((file) => file.includes(`venue=${venue}/`)).map((file) => path.join(writer.stage, file));
          const batches = rebuiltCandles(duckDb, { files: ofVenue, intervals, asOf, coverage, counts });
          await write('candles', `candles/venue=${venue}`, { columns: CANDLE_COLUMNS, batches });
        }
      } finally {
        await duckDb.close();
      }
      await write(
        'coverage',
        'coverage',
        tableOf(
          COVERAGE_COLUMNS,
          coverage.map((row, i) => coverageCells(row, counts[i])),
        ),
      );
      for (const name of ['quarantine', 'instruments'] as const) await write(name, name, exportTable(name, transaction, filter));
      tables.ticks = columnTypes(EXPORTS.ticks.columns);
      await writer.commit({
        schema: SCHEMA,
        madeBy: `PredictLab ${VERSION}`,
        what: 'dataset',
        format: FORMAT,
        partitionBy: [...PARTITIONS],
        ...(symbols && { symbols: [...symbols] }),
        tables,
        files,
        ...(intervals.length > 0 && { asOf: new Date(asOf).toISOString() }),
        intervals: [...intervals],
      });
      return files;
    });
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

/** The collected ranges of the selected symbols with the gaps between them, by series and time. */
async function coverageOf(transaction: Transaction, filter: ExportFilter): Promise<readonly CoverageRow[]> {
  const instruments = await selectedInstruments(transaction, filter);
  const facts = await instrumentsByKey(transaction, keysOf(instruments));
  const opens = new Map([...facts.values()].map(({ id, opensAt }) => [id, opensAt]));
  const wanted = filter.symbols === undefined ? [{}] : filter.symbols.map((symbol) => ({ symbol }));
  const rows: CoverageRow[] = [];
  for (const symbol of wanted) rows.push(...(await coverageRecords(transaction, symbol)));
  return [...bySeries(withGaps(rows, (id) => opens.get(id) ?? null)).values()].flat().map(({ place: _place, ...row }) => row);
}
