import type { Command } from 'commander';
import { checkAgainstStored, type ImportResult, importTicks } from '../../activities/stages/import-ticks.ts';
import { windowOf } from '../../contracts/run/run-window.ts';
import { DAY_MS } from '../../contracts/words.ts';
import { expandPath } from '../../files/read/expand-path.ts';
import { openTickFile, type TickFile } from '../../files/read/read-tick-file.ts';
import { INPUT_DEFAULTS } from '../../input/defaults.ts';
import { instrumentById } from '../../storage/markets/instruments.ts';
import { createLog } from '../../telemetry/log.ts';
import { COLUMNS_HELP, parseColumns, parseMarket } from '../options/column-options.ts';
import { checkMarketFacts, type MarketFactFlags, marketFacts, withMarketFacts } from '../options/market-facts.ts';
import { symbolName } from '../options/symbol-name.ts';
import { usageError } from '../terminal/exit.ts';
import { note, printJson, printLine } from '../terminal/print.ts';
import { useDatabase } from '../terminal/session.ts';

interface ImportOptions extends MarketFactFlags {
  readonly symbol: string;
  readonly columns?: string;
  readonly firstOutcome?: string;
  readonly market?: string;
  readonly json?: boolean;
}

const HELP = `
The rows become ticks of the instrument file:<symbol>; the symbol is created if it is not in the catalogue. Importing a file again
changes nothing, and a file that has grown adds only its new rows: a row is identified by its content, and copies of it in one file by
their number. Bad rows go to quarantine with their reason (\`predictlab export quarantine\`) and do not stop the import.
Facts about the market are stored with them and kept until you change them: --settle, --close, --fee, --fee-model,
--fee-exponent, --tick.
Columns: time and price are required; size, side, outcome and trade_id are used when present. Map other names with --columns.

  predictlab import ticks trades.csv.gz --symbol SENATE --columns time=Timestamp,price=Price,size=Shares,side=Type,outcome=Outcome
  predictlab run --symbols SENATE --sources file`;

/** Adds `predictlab import ticks`. */
export function registerImport(program: Command): void {
  const command = program
    .command('import')
    .description('Imports your own data.')
    .command('ticks <csv...>')
    .description('Imports ticks from CSV files (plain or gzip; quote patterns such as "ticks/*.csv").')
    .requiredOption('--symbol <name>', 'the symbol of the ticks')
    .option('--columns <names>', COLUMNS_HELP)
    .option(
      '--first-outcome <name>',
      'the outcome whose probability is the price (default: as stored; else Yes, Up or 0; else the first in the file)',
    )
    .option('--market <kind>', 'probability or asset (default: as stored; else asset when most prices are above 1)');
  withMarketFacts(command).option('--json', 'print the counts as JSON').addHelpText('after', HELP).action(runImport);
}

async function runImport(patterns: readonly string[], options: ImportOptions): Promise<void> {
  const { symbol } = options;
  symbolName('--symbol', symbol);
  const columns = parseColumns(options.columns);
  const market = parseMarket(options.market);
  const facts = marketFacts(options);
  const open = async (firstOutcome: string | undefined): Promise<TickFile[]> => {
    const files: TickFile[] = [];
    for (const pattern of patterns) {
      for (const path of await expandPath(pattern)) {
        const priced = firstOutcome ?? files[0]?.outcomes[0];
        files.push(await openTickFile(path, { columns, batchSize: 20_000, ...(priced !== undefined && { firstOutcome: priced }) }));
      }
    }
    return files;
  };
  // before the database is opened: a wrong path or column is the most common mistake
  const opened = await open(options.firstOutcome);
  if (opened.every(({ isEmpty }) => isEmpty)) throw usageError(`${patterns.join(', ')}: no rows after the header; nothing was imported`);
  await useDatabase(async (database) => {
    const stored = await instrumentById(database, `file:${symbol}`);
    if (stored !== undefined) checkAgainstStored(stored, { firstOutcome: options.firstOutcome, market });
    const kind = market ?? stored?.market ?? opened[0].likelyMarket;
    checkMarketFacts(facts, kind);
    const priced = stored?.outcomes[0];
    const files = options.firstOutcome === undefined && priced !== undefined ? await open(priced) : opened;
    const result = await importTicks({
      database,
      log: createLog({ LOG_LEVEL: 'warn', ...process.env }),
      symbol,
      files,
      market: kind,
      facts,
      stored,
      asOf: Date.now(),
      onBatch: showProgress,
    });
    clearProgress();
    report(symbol, files, result, options.json === true);
  });
}

function showProgress(rows: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${rows.toLocaleString('en')} rows read`);
}

function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
}

function report(symbol: string, files: readonly TickFile[], result: ImportResult, asJson: boolean): void {
  const time = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());
  const { instrument, rows, inserted, duplicates, quarantined, reasons } = result;
  const [priced, ...mirrored] = files.find(({ outcomes }) => outcomes.length > 1)?.outcomes ?? [];
  if (mirrored.length > 0) note(`prices are of ${priced}; trades of ${mirrored.join(', ')} are mirrored`);
  if (quarantined === rows) note(`every one of the ${rows} rows is bad; are --columns and --market right?`);
  if (quarantined > 0) note(`\`predictlab export quarantine --symbol ${symbol} --format csv\` lists the bad rows`);
  noteWindow(symbol, result, Date.now());
  if (asJson) return printJson({ symbol, ...result, from: time(result.from), to: time(result.to) });
  const count = (n: number): string => n.toLocaleString('en');
  const why = Object.entries(reasons)
    .map(([reason, n]) => `${reason} ${count(n)}`)
    .join(', ');
  printLine(`${symbol} (${instrument}): ${count(rows)} rows, ${count(inserted)} new ticks, ${count(duplicates)} known already`);
  if (quarantined > 0) printLine(`quarantined ${count(quarantined)}: ${why}`);
  if (result.from !== null) printLine(`from ${time(result.from)} to ${time(result.to)}`);
}

/** Notes which window backtests all rows: a run looks at the days before its instant only, and gives older data candles but no backtest. */
function noteWindow(symbol: string, { from, to }: ImportResult, now: number): void {
  if (from === null || to === null || from >= windowOf({ asOf: now, daysBack: INPUT_DEFAULTS.daysBack }).from) return;
  const asOf = Math.min(now, Math.ceil((to + 1) / DAY_MS) * DAY_MS);
  const days = Math.ceil((asOf - from) / DAY_MS);
  const at = asOf === now ? '' : ` --as-of ${new Date(asOf).toISOString().slice(0, 10)}`;
  note(`to backtest all of it: predictlab run --symbols ${symbol} --sources file${at} --days ${days}`);
}
