import type { Command } from 'commander';
import { type ImportedInstrument, instrumentIdOf } from '../../activities/stages/import-request.ts';
import { type ImportResult, importTicks } from '../../activities/stages/import-ticks.ts';
import { windowOf } from '../../contracts/run/run-window.ts';
import { DAY_MS } from '../../contracts/words.ts';
import { expandPath } from '../../files/read/expand-path.ts';
import { readMarketFile } from '../../files/read/read-market-file.ts';
import { openTickFile, type TickFile } from '../../files/read/read-tick-file.ts';
import { oneMarket, sortedByMarket } from '../../files/read/tick-source.ts';
import { INPUT_DEFAULTS } from '../../input/resolve-config.ts';
import { SIGNAL_EXIT_CODES, stopSignal } from '../../set-up/processes/stop-signal.ts';
import { instrumentById } from '../../storage/markets/instruments.ts';
import { createLog } from '../../telemetry/log.ts';
import { adviceOn, marketOption, type TickFileFlags, tickFileOptions, withTickFile } from '../options/column-options.ts';
import { checkMarketFacts, type MarketFactFlags, marketFacts, withMarketFacts } from '../options/market-facts.ts';
import { symbolName } from '../options/symbol-selectors.ts';
import { canRedraw } from '../terminal/live-table.ts';
import { ExitError, note, printJson, printLine, usageError } from '../terminal/print.ts';
import { useDatabase } from '../terminal/session.ts';

interface ImportOptions extends MarketFactFlags, TickFileFlags {
  readonly symbol: string;
  readonly by?: string;
  readonly markets?: string;
  readonly json?: boolean;
}

const HELP = `
The rows become ticks of the instrument file:<symbol>; the symbol is created if it is not in the catalogue. Importing a file again
changes nothing, and a file that has grown adds only its new rows: a row is identified by its content, and copies of it in one file by
their number. Bad rows go to quarantine with their reason (\`predictlab export quarantine\`) and do not stop the import.
Facts about the market are stored with them and kept until you change them: --settle, --close, --fee, --fee-model,
--fee-exponent, --tick.
A file with several markets is refused; --by <column> imports each of them as the instrument file:<symbol>-<value>, and --markets reads
their titles, outcomes, ends and payouts from a file with a row for each. An import that is stopped or killed keeps what it has stored; the
same command continues it.
Files are CSV, NDJSON (both also as gzip) or Parquet, which their first bytes decide.
Columns: time and price are required; size, side, outcome and trade_id are used when present. Map other names with --columns.

  predictlab import ticks trades.csv.gz --symbol SENATE --columns time=Timestamp,price=Price,size=Shares,side=Type,outcome=Outcome
  predictlab import ticks "dump/trades-*.parquet" --symbol DUMP --by conditionId --markets dump/markets.parquet --columns time=timestamp
  predictlab run --symbols SENATE --sources file`;

/** Adds `predictlab import ticks`. */
export default function register(command: Command): void {
  const ticks = command
    .description('Imports your own data.')
    .command('ticks <files...>')
    .description('Imports ticks from CSV, NDJSON or Parquet files (quote patterns such as "ticks/*.csv").')
    .requiredOption('--symbol <name>', 'the symbol of the ticks')
    .option('--by <column>', 'import a file with several markets: each value of this column is an instrument')
    .option('--markets <file>', 'with --by: titles, outcomes, ends and payouts of the markets, a row for each');
  withMarketFacts(withTickFile(ticks, 'as stored; else '))
    .option('--json', 'print the counts as JSON')
    .addHelpText('after', HELP)
    .action(runImport);
}

async function runImport(patterns: readonly string[], options: ImportOptions): Promise<void> {
  const { symbol, by, markets, firstOutcome } = options;
  symbolName('--symbol', symbol);
  const reading = await tickFileOptions(options);
  const market = marketOption(options);
  const facts = marketFacts(options);
  if (by !== undefined && facts.resolution !== undefined)
    throw usageError('--settle is the payout of one market, and --by imports several; give their payouts in a file with --markets');
  if (markets !== undefined && by === undefined)
    throw usageError('--markets describes the markets of a file with several; name their column with --by');
  const paths: string[] = [];
  for (const pattern of patterns) paths.push(...(await expandPath(pattern)));
  // files are opened before the database, since a wrong path or column is the most common mistake
  const files: TickFile[] = [];
  for (const path of paths)
    files.push(await openTickFile(path, { ...reading, ...(firstOutcome && { firstOutcome }), ...(by && { by }), batchSize: 20_000 }));
  if (files.every(({ isEmpty }) => isEmpty)) throw usageError(`${patterns.join(', ')}: no rows after the header; nothing was imported`);
  const kind = market ?? files[0].likelyMarket;
  const sorted = by === undefined ? undefined : await sortedByMarket(files, by);
  const stop = stopSignal();
  try {
    const names = sorted?.markets ?? [];
    checkDistinct(symbol, by, names);
    const descriptions = markets === undefined || by === undefined ? undefined : await readMarketFile(markets, by, new Set(names));
    await useDatabase(async (database) => {
      const stored = by === undefined ? await instrumentById(database, instrumentIdOf(symbol, null)) : undefined;
      checkMarketFacts(facts, market ?? stored?.market ?? kind);
      const result = await importTicks({
        database,
        log: createLog({ LOG_LEVEL: 'warn', ...process.env }),
        symbol,
        source: sorted ?? oneMarket(files),
        market: kind,
        stated: { market, firstOutcome },
        facts,
        ...(descriptions && { descriptions }),
        asOf: Date.now(),
        onBatch: showProgress,
        isStopped: () => stop.received !== undefined,
      });
      clearProgress();
      report(symbol, result, { by, json: options.json === true });
    });
  } finally {
    await sorted?.close();
  }
  if (stop.received !== undefined)
    throw new ExitError(
      SIGNAL_EXIT_CODES[stop.received],
      'stopped before the end of the files; what was read is stored: run the same command again to import the rest',
    );
}

/** Checks that the names of markets give different instruments. @throws ExitError 2 when two markets would share one */
function checkDistinct(symbol: string, by: string | undefined, names: readonly string[]): void {
  const ids = new Map<string, string>();
  for (const name of names) {
    const id = instrumentIdOf(symbol, name);
    const other = ids.get(id);
    if (other !== undefined) throw usageError(`--by ${by}: ${other} and ${name} would make one instrument; rename one of them`);
    ids.set(id, name);
  }
}

function showProgress(rows: number): void {
  if (canRedraw(process.stderr)) process.stderr.write(`\r${rows.toLocaleString('en')} rows read`);
}

function clearProgress(): void {
  if (canRedraw(process.stderr)) process.stderr.write('\r\u001b[K');
}

/** Maximum number of instruments that are listed one by one; further ones are only counted. */
const LISTED = 20;

/** Prints what was imported. @throws ExitError 2 when no row was good */
function report(symbol: string, result: ImportResult, { by, json }: { readonly by: string | undefined; readonly json: boolean }): void {
  const { instruments, rows, inserted, duplicates, quarantined, reasons } = result;
  for (const { outcomes } of instruments.length > LISTED ? [] : instruments) noteOutcomes(outcomes);
  if (quarantined > 0) note(`\`predictlab export quarantine --symbol ${symbol} --format csv\` lists the bad rows`);
  const bounds = instruments.flatMap(({ from, to }) => (from === null || to === null ? [] : [{ from, to }]));
  const whole = bounds.reduce((sum, { from, to }) => ({ from: Math.min(sum.from, from), to: Math.max(sum.to, to) }), {
    from: Number.POSITIVE_INFINITY,
    to: Number.NEGATIVE_INFINITY,
  });
  if (bounds.length > 0) noteWindow(symbol, whole, Date.now());
  const time = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());
  const inJson = instruments.map(({ outcomes: _, ...one }) => ({ ...one, from: time(one.from), to: time(one.to) }));
  if (json && by === undefined) printJson({ symbol, ...inJson[0] });
  else if (json) printJson({ symbol, by, rows, inserted, duplicates, instruments: inJson });
  else {
    for (const one of instruments.slice(0, LISTED)) printResult(symbol, one);
    if (instruments.length > LISTED) {
      printLine(`… and ${count(instruments.length - LISTED)} more instruments`);
      printResult(symbol, { ...result, instrument: `${count(instruments.length)} instruments`, ...whole });
    }
  }
  if (rows > 0 && quarantined === rows)
    throw usageError(`every one of the ${rows} rows is bad: ${reasonsText(reasons)}; ${adviceOn(reasons)}`);
}

function noteOutcomes([priced, ...mirrored]: readonly string[]): void {
  if (mirrored.length > 0) note(`prices are of ${priced}; trades of ${mirrored.join(', ')} are mirrored`);
}

const count = (n: number): string => n.toLocaleString('en');
const reasonsText = (reasons: Readonly<Record<string, number>>): string =>
  Object.entries(reasons)
    .map(([reason, n]) => `${reason} ${count(n)}`)
    .join(', ');

function printResult(symbol: string, result: Omit<ImportedInstrument, 'outcomes'>): void {
  const { instrument, rows, inserted, duplicates, quarantined, reasons, from, to } = result;
  printLine(`${symbol} (${instrument}): ${count(rows)} rows, ${count(inserted)} new ticks, ${count(duplicates)} known already`);
  if (quarantined > 0) printLine(`quarantined ${count(quarantined)}: ${reasonsText(reasons)}`);
  if (from !== null && to !== null) printLine(`from ${new Date(from).toISOString()} to ${new Date(to).toISOString()}`);
}

/** Notes how to backtest all rows if some are older than the window of a run, which is all that a run backtests. */
function noteWindow(symbol: string, { from, to }: { readonly from: number; readonly to: number }, now: number): void {
  if (from >= windowOf({ asOf: now, daysBack: INPUT_DEFAULTS.daysBack }).from) return;
  const asOf = Math.min(now, Math.ceil((to + 1) / DAY_MS) * DAY_MS);
  const days = Math.ceil((asOf - from) / DAY_MS);
  const at = asOf === now ? '' : ` --as-of ${new Date(asOf).toISOString().slice(0, 10)}`;
  note(`to backtest all of it: predictlab run --symbols ${symbol} --sources file${at} --days ${days}`);
}
