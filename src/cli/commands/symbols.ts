import type { Command } from 'commander';
import { type CatalogueEntry, catalogueEntrySchema, emptyEntry, writtenEntry } from '../../contracts/catalogue.ts';
import type { Instrument } from '../../contracts/market-data.ts';
import { issueWords } from '../../contracts/text/issue-words.ts';
import { appendClause, didYouMean } from '../../contracts/text/nearest-name.ts';
import { oneLine } from '../../contracts/text/plain-text.ts';
import { DEFAULT_PRIORITY } from '../../contracts/words.ts';
import { writeFileAtomically } from '../../files/write/write-output.ts';
import { parseCatalogue } from '../../sources/catalogue/parse-catalogue.ts';
import { loadedVenues, sourceNames } from '../../sources/venues.ts';
import type { Database } from '../../storage/database/database.ts';
import { importSymbols, removeSymbol, setEnabled, symbolsByName } from '../../storage/markets/catalogue.ts';
import { currentCatalogue, DEFAULT_CATALOGUE, shippedCatalogue } from '../../storage/markets/first-catalogue.ts';
import { instrumentById, instrumentsOf } from '../../storage/markets/instruments.ts';
import { acceptOutcomes, type Outcomes } from '../../storage/markets/outcome-changes.ts';
import { collect, takesCount } from '../options/parsers.ts';
import { readJson } from '../options/read-text.ts';
import { exampleOf, parseSelectors, selectorText, symbolName, withSelectors } from '../options/symbol-selectors.ts';
import { inCaseOf } from '../plan/mistaken-input.ts';
import { printTwins, registerTwins, twinGroups } from '../symbols/symbols-twins.ts';
import { registerUniverse, showUniverse } from '../symbols/symbols-universe.ts';
import { fitText, printAnswer, printJson, printLine, printTable, usageError } from '../terminal/print.ts';
import { useDatabase, useStoredData, withExistingDatabase } from '../terminal/session.ts';

const TITLE_WIDTH = 60;

/** Note that says what is shown while there is no database yet. */
const SHIPPED = 'this is the shipped catalogue';

const helpText = (): string => `
A symbol is the name you run (BTC_PRICE); its selectors say which markets of each source belong to it.

  predictlab symbols import                         the shipped catalogue
  predictlab symbols search "bitcoin"               what the venues have
  predictlab symbols add RAIN ${loadedVenues().slice(0, 2).map(exampleOf).join(' ')}
  predictlab symbols export > catalogue.json`;

interface Json {
  readonly json?: boolean;
}

interface AddOptions extends Json {
  readonly title?: string;
  readonly priority?: number;
  readonly disabled?: boolean;
  /** Selectors by the name of their source. */
  readonly [source: string]: unknown;
}

/** Registers `predictlab symbols`. */
export default function register(symbols: Command): void {
  symbols.description('Manages the symbol catalogue: which markets of which source each symbol stands for.').addHelpText('after', helpText);
  symbols
    .command('list')
    .summary('list every symbol of the catalogue')
    .option('--json', 'print the entries as JSON')
    .action(({ json }: Json) => withExistingDatabase((database) => list(database, json), SHIPPED));
  symbols
    .command('show')
    .summary('show the selectors of a symbol and the instruments that runs found')
    .argument('<symbol>')
    .option('--json', 'print it as JSON')
    .action((symbol: string, { json }: Json) => withExistingDatabase((database) => show(database, symbol, json), SHIPPED));
  symbols
    .command('search')
    .summary('search the venues for markets to add')
    .argument('[text...]', 'words to search for')
    .option('--tag <slug>', 'only open events of this tag, at venues that have tags: crypto, politics, sports …')
    .option('--json', 'print what was found as JSON')
    .action(async (words: string[], options: Json & { tag?: string }) => {
      const { searchSymbols } = await import('../symbols/symbols-search.ts');
      await searchSymbols(words.join(' '), options);
    });
  registerUniverse(symbols, known);
  registerTwins(symbols);
  const adding = symbols.command('add').summary('add a symbol, or more selectors to one').argument('<symbol>');
  for (const { name, title, forms } of loadedVenues())
    adding.option(`--${name} <selector>`, `a selector of ${title}: name=value or JSON, ${forms}; may be given several times`, collect);
  adding
    .option('--title <text>', 'a title for people')
    .addOption(takesCount('--priority <n>', `1 is first, 5 last (default: ${DEFAULT_PRIORITY})`, 1, 5))
    .option('--disabled', 'leave it out of runs that name no symbols')
    .option('--json', 'print the entry as JSON')
    .action(async (symbol: string, options: AddOptions) => {
      // The selectors are checked before the database is opened.
      const selectors = addedSelectors(symbol, options);
      await useDatabase((database) => add(database, { symbol, selectors, options }));
    });
  symbols
    .command('remove')
    .summary('remove symbols from the catalogue; their data stays')
    .argument('<symbols...>')
    .option('--json', 'print what was removed as JSON')
    .action((names: string[], { json }: Json) => useDatabase((database) => remove(database, names, json)));
  for (const [command, enabled] of [
    ['enable', true],
    ['disable', false],
  ] as const) {
    symbols
      .command(command)
      .summary(enabled ? 'include symbols in runs that name none' : 'leave symbols out of runs that name none')
      .argument('<symbols...>')
      .option('--json', 'print the changed names as JSON')
      .action((names: string[], { json }: Json) => useDatabase((database) => enable(database, names, enabled, json)));
  }
  symbols
    .command('accept')
    .summary('replace the stored outcomes of a market by those that its venue names now')
    .argument('<instrument>', 'its id, as `symbols show` lists it')
    .option('--json', 'print { instrument, before, after }')
    .action((instrument: string, { json }: Json) => useStoredData((database) => accept(database, instrument, json)));
  symbols
    .command('import')
    .summary('merge a catalogue file into the catalogue')
    .argument('[file]', 'a JSON list of symbols, - for standard input (default: the shipped catalogue)')
    .option('--replace', 'replace the whole catalogue with this file')
    .option('--json', 'print the counts as JSON')
    .action((file: string | undefined, options: Json & { replace?: boolean }) => importCatalogue(file, options));
  symbols
    .command('export')
    .summary('print the catalogue as JSON, in the form that import reads')
    .option('--out <file>', 'write to this file')
    .option('--json', 'no effect: the output is always JSON')
    .action(({ out }: { out?: string }) => withExistingDatabase((database) => exportCatalogue(database, out), SHIPPED));
}

async function list(database: Database | undefined, json?: boolean): Promise<void> {
  const entries = await catalogueOf(database);
  if (json) return printJson(entries.map(writtenEntry));
  if (entries.length === 0) return printLine('the catalogue is empty; `predictlab symbols import` imports the shipped one');
  printTable(
    [
      ['symbol', 'enabled', 'priority', 'selectors', 'title'],
      ...entries.map((entry) => [
        entry.symbol,
        entry.enabled ? 'yes' : 'no',
        String(entry.priority),
        selectorCounts(entry),
        fitText(oneLine(entry.title), TITLE_WIDTH),
      ]),
    ],
    { right: [2] },
  );
}

const selectorCounts = ({ sources, kind }: CatalogueEntry): string =>
  (kind === undefined ? '' : 'universe: ') +
  (Object.entries(sources)
    .map(([source, selectors]) => `${source} ${selectors.length}`)
    .join(', ') || '–');

async function show(database: Database | undefined, symbol: string, json?: boolean): Promise<void> {
  const entry = await known(database, symbol);
  if (entry.kind === 'universe') return await showUniverse(database, entry, { json });
  const instruments = database === undefined ? [] : await instrumentsOf(database, entry.symbol);
  const groups = database === undefined ? [] : await twinGroups(database, instruments);
  if (json)
    return printJson({
      ...entry,
      instruments: instruments.map((instrument) => ({ ...instrument, key: undefined })),
      settlement: groups.map(({ markets, terms }) => ({ markets: markets.map(({ id }) => id), terms })),
    });
  printLine(`${entry.symbol}  ${oneLine(entry.title)}`);
  printLine(`${entry.enabled ? 'enabled' : 'disabled'}, priority ${entry.priority}`);
  for (const [source, selectors] of Object.entries(entry.sources))
    for (const selector of selectors) printLine(`  ${source}  ${selectorText(selector)}`);
  printLine();
  if (instruments.length === 0) return printLine('no run has found its instruments yet');
  printTable([
    ['instrument', 'state', 'closes', 'fees', 'tick', 'title'],
    ...instruments.map((instrument) => [
      instrument.id,
      instrument.resolution.kind === 'settled' ? `pays ${instrument.resolution.payout}` : instrument.closed ? 'closed' : 'open',
      instrument.closesAt === null ? '–' : new Date(instrument.closesAt).toISOString(),
      feesText(instrument),
      String(instrument.tickSize ?? '–'),
      fitText(oneLine(instrument.title), TITLE_WIDTH),
    ]),
  ]);
  for (const group of groups) printTwins(group);
}

const feesText = ({ fees }: Instrument): string =>
  fees === null ? '–' : `${fees.model} ${fees.rate}${(fees.exponent ?? 1) === 1 ? '' : `, exponent ${fees.exponent}`}`;

/** The catalogue; without a database the shipped one, which a new database starts with. */
async function catalogueOf(database: Database | undefined): Promise<readonly CatalogueEntry[]> {
  return database === undefined ? shippedCatalogue() : await currentCatalogue(database);
}

/** The catalogue entry of a symbol. @throws ExitError 2 with the nearest name */
async function known(database: Database | undefined, symbol: string): Promise<CatalogueEntry> {
  const catalogue = await catalogueOf(database);
  const names = catalogue.map((each) => each.symbol);
  const entry = catalogue.find((each) => each.symbol === inCaseOf(names, symbol));
  if (entry !== undefined) return entry;
  throw usageError(
    appendClause(`there is no symbol ${symbol} in the catalogue${didYouMean(symbol, names)}`, '`predictlab symbols list` shows all'),
  );
}

/** The selectors that the options name. @throws ExitError 2 when the symbol or one of them is not valid */
function addedSelectors(symbol: string, options: AddOptions): CatalogueEntry['sources'] {
  symbolName('symbols add', symbol);
  const given = sourceNames().filter((name) => options[name] !== undefined);
  return parseSelectors(symbol, Object.fromEntries(given.map((name) => [name, options[name] as readonly string[]])));
}

interface Added {
  readonly symbol: string;
  readonly selectors: CatalogueEntry['sources'];
  readonly options: AddOptions;
}

async function add(database: Database, { symbol, selectors, options }: Added): Promise<void> {
  const { title, priority, disabled, json } = options;
  const before = (await symbolsByName(database, [symbol])).get(symbol);
  if (before?.kind === 'universe' || before?.universe !== undefined)
    throw usageError(`symbols add ${symbol}: it is a universe or part of one; change its rules with \`predictlab symbols import\``);
  if (before === undefined && Object.keys(selectors).length === 0)
    throw usageError(
      `symbols add ${symbol}: name the markets it stands for, such as ${exampleOf(loadedVenues()[0])}; \`predictlab symbols search\` finds them`,
    );
  const changed = catalogueEntrySchema.safeParse({
    ...withSelectors(before ?? emptyEntry(symbol), selectors),
    ...(title !== undefined && { title }),
    ...(priority !== undefined && { priority }),
    ...(disabled && { enabled: false }),
  });
  if (!changed.success) {
    const problems = changed.error.issues.map((issue) => `${issue.path.join('.')}: ${issueWords(issue)}`);
    throw usageError(`symbols add ${symbol}: ${problems.join('; ')}`);
  }
  await importSymbols(database, [changed.data]);
  printAnswer(json, changed.data, `${symbol} ${before === undefined ? 'added' : 'updated'}: ${selectorCounts(changed.data)}`);
}

async function namesIn(database: Database, given: readonly string[]): Promise<string[]> {
  const names: string[] = [];
  for (const name of given) names.push((await known(database, name)).symbol);
  return names;
}

async function remove(database: Database, given: readonly string[], json?: boolean): Promise<void> {
  const names = await namesIn(database, given);
  for (const name of names) await removeSymbol(database, name);
  printAnswer(json, { removed: names }, `removed ${names.join(', ')}; the data stays`);
}

async function enable(database: Database, given: readonly string[], enabled: boolean, json?: boolean): Promise<void> {
  const names = await namesIn(database, given);
  await setEnabled(database, names, enabled);
  const said = enabled ? 'enabled' : 'disabled';
  printAnswer(json, { [said]: names }, `${said} ${names.join(', ')}`);
}

async function accept(database: Database, instrument: string, json?: boolean): Promise<void> {
  const accepted = await acceptOutcomes(database, instrument);
  if (accepted === undefined) {
    if ((await instrumentById(database, instrument)) === undefined)
      throw usageError(`no run has found an instrument ${instrument}; \`predictlab symbols show <symbol>\` lists those of a symbol`);
    throw usageError(`${instrument}: no run has found outcomes that differ from the stored ones, so there is nothing to accept`);
  }
  const listed = ({ outcomes, outcomeIds }: Outcomes): string => outcomeIds.map((id, k) => `${outcomes[k] ?? k} ${id}`).join(', ');
  printAnswer(json, { instrument, ...accepted }, [
    `${instrument}: before ${listed(accepted.before)}`,
    `${instrument}: now ${listed(accepted.after)}`,
    'the next run collects it again; `predictlab heal` reads its rows in quarantine again',
  ]);
}

async function importCatalogue(file: string | undefined, { replace = false, json }: Json & { replace?: boolean }): Promise<void> {
  const entries = file === undefined ? DEFAULT_CATALOGUE : await catalogueFile(file);
  const counts = await useDatabase((database) => importSymbols(database, entries, { replace }));
  printAnswer(json, counts, `${counts.added} added, ${counts.updated} updated, ${counts.removed} removed`);
}

async function catalogueFile(file: string): Promise<readonly CatalogueEntry[]> {
  const where = file === '-' ? 'standard input' : file;
  return parseCatalogue(await readJson(where, file, 'give a JSON list of symbols'), where);
}

async function exportCatalogue(database: Database | undefined, out: string | undefined): Promise<void> {
  const entries = (await catalogueOf(database)).map(writtenEntry);
  if (out === undefined) return printJson(entries);
  await writeFileAtomically(out, [`${JSON.stringify(entries, null, 2)}\n`]);
  printLine(`${entries.length} symbols written to ${out}`);
}
