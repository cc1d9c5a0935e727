import path from 'node:path';
import type { Command } from 'commander';
import { didYouMean } from '../../contracts/text/nearest-name.ts';
import { INTERVALS, TICK_KINDS, type TickKind } from '../../contracts/words.ts';
import { TABLE_FORMATS, type Table, type TableFormat } from '../../files/write/table.ts';
import { writeTable } from '../../files/write/write-table.ts';
import { plural } from '../../report/elements/format.ts';
import { type Database, onSnapshot } from '../../storage/database/database.ts';
import { exportedInstruments } from '../../storage/ticks/ticks.ts';
import type { ExportFilter } from '../backtest/export-filter.ts';
import { EXPORTS, type ExportName, exportTable } from '../backtest/export-tables.ts';
import { exportPartitions, PARTITIONED, PARTITIONS, type Partition } from '../dataset/partitioned-export.ts';
import { checkSymbols } from '../options/known-symbols.ts';
import { checkTarget } from '../options/output-target.ts';
import { collect, takesTime, takesWord, wordOption } from '../options/parsers.ts';
import { canRedraw } from '../terminal/live-table.ts';
import { note, usageError } from '../terminal/print.ts';
import { useStoredData } from '../terminal/session.ts';

interface ExportOptions {
  readonly symbol?: readonly string[];
  readonly instrument?: readonly string[];
  readonly interval?: readonly string[];
  readonly priceType?: TickKind;
  readonly complete?: boolean;
  readonly from?: number;
  readonly to?: number;
  readonly format?: TableFormat;
  readonly json?: boolean;
  readonly out?: string;
  readonly partitionBy?: readonly Partition[];
  readonly since?: 'last';
  readonly safe?: boolean;
}

const NAMES = Object.keys(EXPORTS) as ExportName[];

const HELP = `
CSV and JSON go to standard output or to --out, Parquet to --out or into a pipe. An output file is complete or does not exist. Columns have
the same names in all three; numbers are the shortest plain decimals that read back exactly; times are ISO 8601 UTC.
Basis has a row per bar that a market and its twin both have complete: the difference of the closes, and the profit per unit of buying or selling
the market against its twin after half of both recorded spreads and both taker fees of that time.
Ticks are ordered by time, then as the venue orders them; candles by symbol, instrument, price type, interval and time.
--partition-by writes a folder of files, sorted by instrument and time, with a manifest.json that lists them (predictlab verify checks it).
--since last adds new files with the rows that were stored since, late ones too; the first time it exports everything.

  predictlab export candles --symbol BTC_PRICE --interval 1h > btc.csv
  predictlab export candles --symbol SENATE --instrument file:senate --interval 1h --price-type trade --complete --out senate.csv
  predictlab export ticks --symbol SENATE --from 2022-11-01 --to 2022-11-09 --out senate.parquet
  predictlab export ticks --partition-by month,venue --format parquet --out lake --since last
  predictlab export basis --symbol BTC_PRICE --interval 1h > basis.csv
  predictlab export quarantine --json`;

/** Registers `predictlab export`. */
export default function register(command: Command): void {
  command
    .description('Writes stored data as a table.')
    .argument('<what>', NAMES.join(', '))
    .option('--symbol <name>', 'only this symbol; may be given several times', collect)
    .option('--instrument <id>', 'only this instrument (file:SENATE); may be given several times', collect)
    .option(
      '--interval <interval>',
      'only this interval (candles, backtests, trades, equity, walk-forward, basis); may be given several times',
      collect,
    )
    .addOption(takesWord('--price-type <kind>', `only candles and basis of these ticks: ${TICK_KINDS.join(' or ')}`, TICK_KINDS))
    .option('--complete', 'only complete candles: closed and collected without a gap')
    .addOption(takesTime('--from <time>', 'only data at or after this time (ISO 8601)'))
    .addOption(takesTime('--to <time>', 'only data before this time (ISO 8601)'))
    .addOption(takesWord('--format <format>', `${TABLE_FORMATS.join(', ')} (default: by the ending of --out, else csv)`, TABLE_FORMATS))
    .option('--json', 'the same as --format json')
    .option('--out <file>', 'write to this file; with --partition-by to this folder')
    .option('--partition-by <parts>', 'ticks and candles: a file per month, venue, or month,venue', partitionsOf)
    .addOption(
      takesWord('--since <last>', 'with --partition-by, ticks: add what was stored since the last export into the folder', ['last']),
    )
    .option('--safe', 'CSV for spreadsheets: texts that would be read as formulas get an apostrophe in front')
    .addHelpText('after', HELP)
    .action(runExport);
}

async function runExport(what: string, options: ExportOptions): Promise<void> {
  const name = wordOption('export', what, NAMES);
  const { symbol: symbols, instrument: instruments, interval, priceType, complete, from, to, out, safe } = options;
  const filters: readonly string[] = EXPORTS[name].filters;
  for (const [filter, value] of Object.entries({ interval, from, to, priceType, complete }))
    if (value !== undefined && !filters.includes(filter))
      throw usageError(`--${filter === 'priceType' ? 'price-type' : filter} does not apply to ${name}; leave it out`);
  const intervals = interval?.map((text) => wordOption('--interval', text, INTERVALS));
  const filter: ExportFilter = { symbols, instruments, intervals, priceType, completeOnly: complete === true, from, to };
  const ending = path.extname(out ?? '').slice(1);
  const format = options.json ? 'json' : (options.format ?? TABLE_FORMATS.find((known) => known === ending) ?? 'csv');
  if (safe && format !== 'csv') throw usageError(`--safe applies to CSV only; leave it out for ${format}`);
  if (format === 'parquet' && out === undefined && process.stdout.isTTY)
    throw usageError('Parquet cannot be printed on a terminal; write it to a file with --out, or into a pipe');
  if (options.partitionBy !== undefined) return await exportFolder(name, { ...options, partitionBy: options.partitionBy, format }, filter);
  if (options.since !== undefined) throw usageError('--since last continues a folder; give --partition-by month,venue too');
  if (out !== undefined) await checkTarget('--out', out);
  await useStoredData(async (database) => {
    if (symbols !== undefined) await checkSymbols(database, symbols);
    if (instruments !== undefined) await checkInstruments(database, instruments, symbols);
    await onSnapshot(database, (transaction) =>
      writeTable(withProgress(exportTable(name, transaction, filter), out), format, out, { safe }),
    );
  });
}

/** Parses the value of `--partition-by`, such as `month,venue`. */
function partitionsOf(text: string): readonly Partition[] {
  const parts = text.split(',').map((part) => wordOption('--partition-by', part.trim(), PARTITIONS));
  if (new Set(parts).size < parts.length) throw usageError(`--partition-by ${text}: name each part once`);
  return parts;
}

interface FolderOptions extends Pick<ExportOptions, 'out' | 'since' | 'safe'> {
  readonly partitionBy: readonly Partition[];
  readonly format: TableFormat;
}

async function exportFolder(
  name: ExportName,
  { out, partitionBy, format, since, safe }: FolderOptions,
  filter: ExportFilter,
): Promise<void> {
  const what = PARTITIONED.find((known) => known === name);
  if (what === undefined) throw usageError(`--partition-by applies to ${PARTITIONED.join(' and ')}, not to ${name}; leave it out`);
  if (out === undefined) throw usageError('--partition-by writes a folder; name it with --out');
  if (since !== undefined && what !== 'ticks')
    throw usageError('--since last applies to ticks: stored candles change in place; leave it out');
  if (since !== undefined && [filter.instruments, filter.from, filter.to].some((part) => part !== undefined))
    throw usageError('--since last exports all ticks of its symbols; leave out --instrument, --from and --to');
  const files = await useStoredData(async (database) => {
    if (filter.symbols !== undefined) await checkSymbols(database, filter.symbols);
    if (filter.instruments !== undefined) await checkInstruments(database, filter.instruments, filter.symbols);
    return await exportPartitions(database, { what, folder: out, format, partitionBy, filter, sinceLast: since !== undefined, safe });
  });
  const rows = files.reduce((sum, file) => sum + file.rows, 0);
  note(`${out}: ${plural(files.length, 'new file')} with ${plural(rows, 'row')}`);
}

async function checkInstruments(database: Database, instruments: readonly string[], symbols?: readonly string[]): Promise<void> {
  const known = new Set((await exportedInstruments(database, symbols)).map(({ instrument }) => instrument));
  const unknown = instruments.filter((id) => !known.has(id));
  if (unknown.length === 0) return;
  const where = symbols === undefined ? '' : ` of ${symbols.join(', ')}`;
  const nearest = didYouMean(unknown[0], [...known]);
  throw usageError(
    `there is no instrument ${unknown.join(', ')}${where}${nearest === '' ? "; `predictlab symbols show` lists a symbol's" : nearest}`,
  );
}

/** A table that shows the number of written rows on a terminal. */
function withProgress(table: Table, out: string | undefined): Table {
  if (out === undefined || !canRedraw(process.stderr)) return table;
  return {
    ...table,
    batches: (async function* () {
      let rows = 0;
      for await (const batch of table.batches) {
        yield batch;
        rows += batch.length;
        process.stderr.write(`\r${rows.toLocaleString('en')} rows`);
      }
      process.stderr.write('\r\u001b[K');
    })(),
  };
}
