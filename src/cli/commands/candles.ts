import type { Command } from 'commander';
import { INTERVALS, type Interval } from '../../contracts/words.ts';
import { expandPath, nameOf } from '../../files/read/expand-path.ts';
import { buildFileCandles, type FileCandles } from '../../files/read/file-candles.ts';
import { openTickFile, type TickFile } from '../../files/read/read-tick-file.ts';
import { CANDLE_COLUMNS, type Cell, candleRows } from '../../files/write/table.ts';
import { writeTable } from '../../files/write/write-table.ts';
import { adviceOn, marketOption, type TickFileFlags, tickFileOptions, withTickFile } from '../options/column-options.ts';
import { takesInterval, takesWord } from '../options/parsers.ts';
import { note, usageError } from '../terminal/print.ts';

interface CandlesOptions extends TickFileFlags {
  readonly ticks: string;
  readonly interval: Interval;
  readonly format: 'csv' | 'json';
  readonly json?: boolean;
}

const HELP = `
A tick file is a CSV (plain or gzip) with a header; --ticks may be a pattern (quote it), and then each file is one instrument.
Columns: time and price are required; size, side, outcome and trade_id are used when present. Map other names with --columns.
Times: seconds, milliseconds, microseconds or nanoseconds (one unit per file, recognised by size), ISO 8601 (without zone = UTC),
24.11.2026 15:45, 11/24/2026 3:45 PM or "November 24 2026 3:45 PM". Prices: 0.45, $0.45, 45¢ or 45%. Without a size column the rows are price points and candles have no volume.
With an outcome column, prices are those of --first-outcome, or of Yes, Up or 0 where the file has one, or of the first name in the
file; a trade of the other outcome is mirrored (price 1 - price, side flipped).
A candle is complete when its bucket lies between the file's first and last tick.

  predictlab candles --ticks trades.csv.gz --interval 1h
  predictlab candles --ticks senate.csv --interval 1d --columns time=Timestamp,price=Price,size=Shares,side=Type,outcome=Outcome`;

/** Registers `predictlab candles`. */
export default function register(command: Command): void {
  command
    .description('Builds the candles of a tick file and prints them. Needs no server.')
    .requiredOption('--ticks <csv>', 'the tick file, or a pattern such as "ticks/*.csv.gz"')
    .addOption(takesInterval(`one of ${INTERVALS.join(' ')}`).makeOptionMandatory());
  withTickFile(command)
    .addOption(takesWord('--format <format>', 'csv or json', ['csv', 'json']).default('csv'))
    .option('--json', 'the same as --format json')
    .addHelpText('after', HELP)
    .action(printCandles);
}

async function printCandles(options: CandlesOptions): Promise<void> {
  const { interval, firstOutcome } = options;
  const market = marketOption(options);
  const reading = await tickFileOptions(options);
  // Every header is checked before anything is printed.
  const files: TickFile[] = [];
  for (const path of await expandPath(options.ticks))
    files.push(await openTickFile(path, { ...reading, ...(firstOutcome && { firstOutcome }) }));
  if (files.every(({ isEmpty }) => isEmpty))
    throw usageError(`${options.ticks} has no rows after its header, so there are no candles; name a file with ticks`);
  const now = Date.now();
  const bad: string[] = [];
  async function* batches(): AsyncGenerator<Cell[][]> {
    for (const file of files) {
      const built = await buildFileCandles(file, interval, { market: market ?? file.likelyMarket, asOf: now });
      const name = nameOf(file.path);
      for (const { kind, candles, complete } of built.series)
        yield* candleRows([name, 'file', `file:${name}`, kind, candles.interval], { ...candles, complete });
      report(file, built);
      if (built.rows > 0 && built.ticks === 0)
        bad.push(
          `${file.path}: every one of its ${built.rows} rows is bad: ${built.quarantined.describe()}; ${adviceOn(built.quarantined.reasons)}`,
        );
    }
    // Thrown before the table is complete, so that it is not written at all.
    if (bad.length > 0) throw usageError(bad.join('; '));
  }
  await writeTable({ columns: CANDLE_COLUMNS, batches: batches() }, options.json ? 'json' : options.format);
}

/** Prints notes about rows that were left out, repeated or mirrored. */
function report(file: TickFile, { rows, ticks, duplicates, quarantined }: FileCandles): void {
  if (rows === 0) note(`${file.path}: no rows after the header`);
  else if (ticks > 0 && quarantined.total > 0)
    note(`${file.path}: ${quarantined.total} of ${rows} rows left out: ${quarantined.describe()}`);
  if (duplicates > 0) note(`${file.path}: ${duplicates} rows repeat an id and count once`);
  const [first, ...others] = file.outcomes;
  if (others.length > 0) note(`${file.path}: prices are of ${first}; trades of ${others.join(', ')} are mirrored`);
}
