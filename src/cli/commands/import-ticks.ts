import type { Command } from 'commander';
import { checkAgainstStored, type ImportResult, importTicks } from '../../activities/stages/import-ticks.ts';
import { windowOf } from '../../contracts/run/run-window.ts';
import { DAY_MS } from '../../contracts/words.ts';
import { expandPath } from '../../files/read/expand-path.ts';
import { openTickFile, type TickFile, type TickFileOptions } from '../../files/read/read-tick-file.ts';
import { valuesOf } from '../../files/read/tick-format.ts';
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
  readonly json?: boolean;
}

const HELP = `
The rows become ticks of the instrument file:<symbol>; the symbol is created if it is not in the catalogue. Importing a file again
changes nothing, and a file that has grown adds only its new rows: a row is identified by its content, and copies of it in one file by
their number. Bad rows go to quarantine with their reason (\`predictlab export quarantine\`) and do not stop the import.
Facts about the market are stored with them and kept until you change them: --settle, --close, --fee, --fee-model,
--fee-exponent, --tick.
A file with several markets is refused; --by <column> imports each of them as the instrument file:<symbol>-<value>. An import that is
stopped keeps what it has stored; the same command continues it.
Columns: time and price are required; size, side, outcome and trade_id are used when present. Map other names with --columns.

  predictlab import ticks trades.csv.gz --symbol SENATE --columns time=Timestamp,price=Price,size=Shares,side=Type,outcome=Outcome
  predictlab run --symbols SENATE --sources file`;

/** Adds `predictlab import ticks`. */
export default function register(command: Command): void {
  const ticks = command
    .description('Imports your own data.')
    .command('ticks <csv...>')
    .description('Imports ticks from CSV files (plain or gzip; quote patterns such as "ticks/*.csv").')
    .requiredOption('--symbol <name>', 'the symbol of the ticks')
    .option('--by <column>', 'import a file with several markets: each value of this column is an instrument');
  withMarketFacts(withTickFile(ticks, 'as stored; else '))
    .option('--json', 'print the counts as JSON')
    .addHelpText('after', HELP)
    .action(runImport);
}

async function runImport(patterns: readonly string[], options: ImportOptions): Promise<void> {
  const { symbol, by } = options;
  symbolName('--symbol', symbol);
  const reading = await tickFileOptions(options);
  const market = marketOption(options);
  const facts = marketFacts(options);
  if (by !== undefined && facts.resolution !== undefined)
    throw usageError('--settle is the payout of one market, and --by imports several; import without it, one file per market for --settle');
  const paths: string[] = [];
  for (const pattern of patterns) paths.push(...(await expandPath(pattern)));
  const open = async (firstOutcome: string | undefined, only?: TickFileOptions['only']): Promise<TickFile[]> => {
    const files: TickFile[] = [];
    for (const path of paths) {
      const priced = firstOutcome ?? files[0]?.outcomes[0];
      files.push(
        await openTickFile(path, {
          ...reading,
          ...(priced !== undefined && { firstOutcome: priced }),
          ...(only && { only }),
          batchSize: 20_000,
        }),
      );
    }
    return files;
  };
  // Before the database is opened: a wrong path or column is the most common mistake.
  const values = by === undefined ? undefined : await valuesOfAll(paths, by);
  const opened = await open(
    options.firstOutcome,
    values === undefined ? undefined : { name: by as string, value: values[0], hasTornLines: true },
  );
  if (opened.every(({ isEmpty }) => isEmpty)) throw usageError(`${patterns.join(', ')}: no rows after the header; nothing was imported`);
  const stop = stopSignal();
  await useDatabase(async (database) => {
    const results: ImportResult[] = [];
    for (const [index, value] of (values ?? [undefined]).entries()) {
      const only = value === undefined ? undefined : { name: by as string, value, hasTornLines: index === 0 };
      const id = value === undefined ? `file:${symbol}` : `file:${symbol}-${wordOf(value)}`;
      const stored = await instrumentById(database, id);
      if (stored !== undefined) checkAgainstStored(stored, { firstOutcome: options.firstOutcome, market });
      const kind = market ?? stored?.market ?? opened[0].likelyMarket;
      checkMarketFacts(facts, kind);
      const priced = options.firstOutcome ?? stored?.outcomes[0];
      const files = index === 0 && priced === options.firstOutcome ? opened : await open(priced, only);
      const result = await importTicks({
        database,
        log: createLog({ LOG_LEVEL: 'warn', ...process.env }),
        symbol,
        id,
        title: value ?? symbol,
        files,
        market: kind,
        facts,
        stored,
        asOf: Date.now(),
        onBatch: showProgress,
        isStopped: () => stop.received !== undefined,
      });
      clearProgress();
      results.push(result);
      if (result.isPartial) break;
      noteOutcomes(files);
    }
    report(symbol, results, { by, json: options.json === true });
    if (stop.received !== undefined)
      throw new ExitError(
        SIGNAL_EXIT_CODES[stop.received],
        'stopped before the end of the files; what was read is stored: run the same command again to import the rest',
      );
  });
}

/** The distinct values of a column over all files; each value becomes an instrument. @throws ExitError 2 when two would share an id */
async function valuesOfAll(paths: readonly string[], by: string): Promise<readonly string[]> {
  const values = new Set<string>();
  for (const path of paths) for (const value of await valuesOf(path, by)) values.add(value);
  if (values.size === 0) throw usageError(`--by ${by}: the column is empty in every row; name the column of the market`);
  const ids = new Map<string, string>();
  for (const value of values) {
    const other = ids.get(wordOf(value));
    if (other !== undefined) throw usageError(`--by ${by}: ${other} and ${value} would make one instrument; rename one of them`);
    ids.set(wordOf(value), value);
  }
  return [...values];
}

/** A value as part of an instrument's id. */
const wordOf = (value: string): string => value.replaceAll(/[^\p{L}\p{N}_.-]+/gu, '-').slice(0, 80);

function showProgress(rows: number): void {
  if (canRedraw(process.stderr)) process.stderr.write(`\r${rows.toLocaleString('en')} rows read`);
}

function clearProgress(): void {
  if (canRedraw(process.stderr)) process.stderr.write('\r\u001b[K');
}

function noteOutcomes(files: readonly TickFile[]): void {
  const [priced, ...mirrored] = files.find(({ outcomes }) => outcomes.length > 1)?.outcomes ?? [];
  if (mirrored.length > 0) note(`prices are of ${priced}; trades of ${mirrored.join(', ')} are mirrored`);
}

/** Prints what was imported. @throws ExitError 2 when no row was good */
function report(
  symbol: string,
  results: readonly ImportResult[],
  { by, json }: { readonly by: string | undefined; readonly json: boolean },
): void {
  const time = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());
  const sum = (field: 'rows' | 'quarantined' | 'inserted' | 'duplicates'): number => results.reduce((total, one) => total + one[field], 0);
  if (sum('quarantined') > 0) note(`\`predictlab export quarantine --symbol ${symbol} --format csv\` lists the bad rows`);
  const bounds = results.flatMap(({ from, to }) => (from === null || to === null ? [] : [{ from, to }]));
  if (bounds.length > 0)
    noteWindow(symbol, { from: Math.min(...bounds.map(({ from }) => from)), to: Math.max(...bounds.map(({ to }) => to)) }, Date.now());
  const inJson = results.map(({ isPartial: _, ...result }) => ({ ...result, from: time(result.from), to: time(result.to) }));
  if (json && by === undefined) printJson({ symbol, ...inJson[0] });
  else if (json)
    printJson({ symbol, by, rows: sum('rows'), inserted: sum('inserted'), duplicates: sum('duplicates'), instruments: inJson });
  else for (const result of results) printResult(symbol, result);
  if (sum('rows') > 0 && sum('quarantined') === sum('rows'))
    throw usageError(
      `every one of the ${sum('rows')} rows is bad: ${reasonsText(reasonsIn(results))}; ${adviceOn(Object.fromEntries(reasonsIn(results)))}`,
    );
}

function reasonsIn(results: readonly ImportResult[]): ReadonlyMap<string, number> {
  const reasons = new Map<string, number>();
  for (const one of results) for (const [reason, n] of Object.entries(one.reasons)) reasons.set(reason, (reasons.get(reason) ?? 0) + n);
  return reasons;
}

const reasonsText = (reasons: ReadonlyMap<string, number>): string =>
  [...reasons].map(([reason, n]) => `${reason} ${n.toLocaleString('en')}`).join(', ');

function printResult(symbol: string, result: ImportResult): void {
  const { instrument, rows, inserted, duplicates, quarantined, from, to } = result;
  const count = (n: number): string => n.toLocaleString('en');
  printLine(`${symbol} (${instrument}): ${count(rows)} rows, ${count(inserted)} new ticks, ${count(duplicates)} known already`);
  if (quarantined > 0) printLine(`quarantined ${count(quarantined)}: ${reasonsText(reasonsIn([result]))}`);
  if (from !== null && to !== null) printLine(`from ${new Date(from).toISOString()} to ${new Date(to).toISOString()}`);
}

/** Notes how to backtest all rows: a run looks only at the days before its instant, and makes no backtest of older data. */
function noteWindow(symbol: string, { from, to }: { readonly from: number; readonly to: number }, now: number): void {
  if (from >= windowOf({ asOf: now, daysBack: INPUT_DEFAULTS.daysBack }).from) return;
  const asOf = Math.min(now, Math.ceil((to + 1) / DAY_MS) * DAY_MS);
  const days = Math.ceil((asOf - from) / DAY_MS);
  const at = asOf === now ? '' : ` --as-of ${new Date(asOf).toISOString().slice(0, 10)}`;
  note(`to backtest all of it: predictlab run --symbols ${symbol} --sources file${at} --days ${days}`);
}
