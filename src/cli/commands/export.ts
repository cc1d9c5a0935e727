import path from 'node:path';
import type { Command } from 'commander';
import { didYouMean } from '../../contracts/text/nearest-name.ts';
import { INTERVALS, type Interval, TICK_KINDS } from '../../contracts/words.ts';
import { parseTime } from '../../files/parse/parse-time.ts';
import { TABLE_FORMATS, type Table, type TableFormat } from '../../files/write/table.ts';
import { writeTable } from '../../files/write/write-table.ts';
import type { Database } from '../../storage/database/database.ts';
import { symbolsByName } from '../../storage/markets/catalogue.ts';
import { exportedInstruments } from '../../storage/ticks/export.ts';
import { EXPORTS, type ExportFilter, type ExportName } from '../backtest/export-tables.ts';
import { checkTarget } from '../options/output-target.ts';
import { collect } from '../options/strategy-params.ts';
import { usageError } from '../terminal/exit.ts';
import { useStoredData } from '../terminal/session.ts';
import { canRedraw } from '../terminal/terminal-head.ts';

interface ExportOptions {
  readonly symbol?: readonly string[];
  readonly instrument?: readonly string[];
  readonly interval?: readonly string[];
  readonly priceType?: string;
  readonly complete?: boolean;
  readonly from?: string;
  readonly to?: string;
  readonly format?: string;
  readonly json?: boolean;
  readonly out?: string;
  readonly safe?: boolean;
}

const NAMES = Object.keys(EXPORTS) as ExportName[];

const HELP = `
CSV and JSON go to standard output or to --out, Parquet to --out or into a pipe. An output file is complete or does not exist. Columns have
the same names in all three; numbers are the shortest plain decimals that read back exactly; times are ISO 8601 UTC.
Ticks are ordered by time, then as the venue orders them; candles by symbol, instrument, price type, interval and time.

  predictlab export candles --symbol BTC_PRICE --interval 1h > btc.csv
  predictlab export candles --symbol SENATE --instrument file:senate --interval 1h --price-type trade --complete --out senate.csv
  predictlab export ticks --symbol SENATE --from 2022-11-01 --to 2022-11-09 --out senate.parquet
  predictlab export quarantine --json`;

/** Adds `predictlab export`. */
export function registerExport(program: Command): void {
  program
    .command('export')
    .description('Writes stored data as a table.')
    .argument('<what>', NAMES.join(', '))
    .option('--symbol <name>', 'only this symbol; may be given several times', collect)
    .option('--instrument <id>', 'only this instrument (file:SENATE); may be given several times', collect)
    .option(
      '--interval <interval>',
      'only this interval (candles, backtests, trades, equity, walk-forward); may be given several times',
      collect,
    )
    .option('--price-type <kind>', `only candles of these ticks: ${TICK_KINDS.join(' or ')}`)
    .option('--complete', 'only complete candles: closed and collected without a gap')
    .option('--from <time>', 'only data at or after this time (ISO 8601)')
    .option('--to <time>', 'only data before this time (ISO 8601)')
    .option('--format <format>', `${TABLE_FORMATS.join(', ')} (default: by the ending of --out, else csv)`)
    .option('--json', 'the same as --format json')
    .option('--out <file>', 'write to this file')
    .option('--safe', 'CSV for spreadsheets: texts that would be read as formulas get an apostrophe in front')
    .addHelpText('after', HELP)
    .action(runExport);
}

async function runExport(what: string, options: ExportOptions): Promise<void> {
  const name = NAMES.find((known) => known === what);
  if (name === undefined) throw usageError(`export ${what}: write one of ${NAMES.join(', ')}`);
  const filters: readonly string[] = EXPORTS[name].filters;
  for (const option of ['interval', 'from', 'to', 'priceType', 'complete'] as const) {
    const flag = option === 'priceType' ? 'price-type' : option;
    if (options[option] !== undefined && !filters.includes(option)) throw usageError(`--${flag} does not apply to ${name}; leave it out`);
  }
  const priceType = TICK_KINDS.find((kind) => kind === options.priceType);
  if (options.priceType !== undefined && priceType === undefined)
    throw usageError(`--price-type ${options.priceType}: write one of ${TICK_KINDS.join(', ')}`);
  const filter: ExportFilter = {
    symbols: options.symbol,
    instruments: options.instrument,
    intervals: options.interval?.map(parseInterval),
    priceType,
    completeOnly: options.complete === true,
    from: instantOf('--from', options.from),
    to: instantOf('--to', options.to),
  };
  const format = formatOf(options);
  if (options.safe && format !== 'csv') throw usageError(`--safe applies to CSV only; leave it out for ${format}`);
  if (format === 'parquet' && options.out === undefined && process.stdout.isTTY) {
    throw usageError('Parquet cannot be printed on a terminal; write it to a file with --out, or into a pipe');
  }
  if (options.out !== undefined) await checkTarget('--out', options.out);
  await useStoredData(async (database) => {
    if (filter.symbols !== undefined) await checkSymbols(database, filter.symbols);
    if (filter.instruments !== undefined) await checkInstruments(database, filter.instruments, filter.symbols);
    await writeTable(withProgress(EXPORTS[name].table(database, filter), options.out), format, options.out, { safe: options.safe });
  });
}

function parseInterval(text: string): Interval {
  const interval = INTERVALS.find((known) => known === text);
  if (interval === undefined) throw usageError(`--interval ${text}: write one of ${INTERVALS.join(' ')}`);
  return interval;
}

function instantOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = /^\d+$/.test(text) ? null : parseTime(text, 'ms');
  if (time === null || Number.isNaN(time)) throw usageError(`${option} ${text}: write a time such as 2026-11-24T10:00:00Z or 2026-11-24`);
  return time;
}

function formatOf({ format, json, out }: ExportOptions): TableFormat {
  if (json) return 'json';
  if (format === undefined) {
    const ending = path.extname(out ?? '').slice(1);
    return TABLE_FORMATS.find((known) => known === ending) ?? 'csv';
  }
  const known = TABLE_FORMATS.find((known) => known === format);
  if (known === undefined) throw usageError(`--format ${format}: write one of ${TABLE_FORMATS.join(', ')}`);
  return known;
}

/** Refuses symbols that neither the catalogue nor the stored data has. */
async function checkSymbols(database: Database, symbols: readonly string[]): Promise<void> {
  const listed = await symbolsByName(database, symbols);
  const withData = new Set((await exportedInstruments(database, symbols)).map(({ symbol }) => symbol));
  const unknown = symbols.filter((symbol) => !listed.has(symbol) && !withData.has(symbol));
  if (unknown.length > 0) throw usageError(`there is no symbol ${unknown.join(', ')}; \`predictlab symbols list\` shows what there is`);
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
