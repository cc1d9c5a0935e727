import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import type { TwinIds } from '../../contracts/catalogue.ts';
import { oneLine } from '../../contracts/text/plain-text.ts';
import { type ComparedTerm, compareTerms } from '../../market/settlement-terms.ts';
import { suggestTwins } from '../../market/suggest-twins.ts';
import { formatNumber } from '../../report/elements/format.ts';
import type { Database } from '../../storage/database/database.ts';
import { symbolsByName } from '../../storage/markets/catalogue.ts';
import { currentCatalogue } from '../../storage/markets/first-catalogue.ts';
import { instrumentById, instrumentsOf, keysOf, type StoredInstrument, symbolsOfInstruments } from '../../storage/markets/instruments.ts';
import { acceptedTwins, addTwins, removeTwins, twinsOf } from '../../storage/markets/twins.ts';
import { printAnswer, printJson, printLine, printTable, usageError, wrapText } from '../terminal/print.ts';
import { useStoredData } from '../terminal/session.ts';

const COLUMN_WIDTH = 44;

interface Answer {
  readonly json?: boolean;
  readonly yes?: boolean;
}

/** Adds `symbols twins suggest`, `accept` and `remove`. */
export function registerTwins(symbols: Command): void {
  const twins = symbols.command('twins').summary('markets of different venues that ask the same question');
  twins
    .command('suggest')
    .summary('suggest twins by titles, dates, strikes and ends, except known ones; stores nothing')
    .argument('[symbols...]', 'only among the markets of these symbols (default: all)')
    .option('--json', 'print [{ markets, likeness, words, numbers, endsApartDays, terms }]')
    .action((names: string[], { json }: Answer) =>
      useStoredData(async (database) => await suggest(database, names.length > 0 ? names : await listedSymbols(database), json)),
    );
  twins
    .command('accept')
    .summary('store two markets as twins in the catalogue, after comparing how they settle')
    .argument('<market>', 'its id, as `symbols twins suggest` or `symbols show` lists it')
    .argument('<twin>', 'the id of the same question at another venue')
    .option('--yes', 'do not ask')
    .option('--json', 'print { accepted, symbol, terms }; needs --yes')
    .action((market: string, twin: string, answer: Answer) => useStoredData((database) => accept(database, [market, twin], answer)));
  twins
    .command('remove')
    .summary('remove accepted twins from the catalogue')
    .argument('<market>', 'the id of one')
    .argument('<twin>', 'the id of the other')
    .option('--json', 'print { removed, symbols }')
    .action((market: string, twin: string, { json }: Answer) => useStoredData((database) => remove(database, [market, twin], json)));
}

/** A market and its twins, with what they state about their settlement. */
interface TwinGroup {
  readonly markets: readonly StoredInstrument[];
  readonly terms: readonly ComparedTerm[];
}

/** The markets among these that have twins, each with its twins. */
export async function twinGroups(database: Database, instruments: readonly StoredInstrument[]): Promise<readonly TwinGroup[]> {
  const twins = await twinsOf(database, instruments);
  const seen = new Set<number>();
  return instruments.flatMap((one): TwinGroup[] => {
    const markets = [one, ...(twins.get(one.key) ?? [])];
    if (markets.length === 1 || markets.every(({ key }) => seen.has(key))) return [];
    for (const { key } of markets) seen.add(key);
    return [{ markets, terms: compareTerms(markets) }];
  });
}

/** Prints what twins state about their settlement side by side; facts that differ have a `≠`. */
export function printTwins({ markets, terms }: TwinGroup): void {
  printLine();
  const rows = [
    ['twins', '', ...markets.map(({ id }) => id)],
    ['title', '', ...markets.map(({ title }) => title)],
    ...terms.map(({ fact, differs, values }) => [fact, differs ? '≠' : '', ...values.map((value) => value ?? '–')]),
  ];
  printTable(
    rows.flatMap((row) => {
      const cells = row.map((cell) => wrapText(oneLine(cell), COLUMN_WIDTH));
      return Array.from({ length: Math.max(...cells.map(({ length }) => length)) }, (_, line) => cells.map((cell) => cell[line] ?? ''));
    }),
  );
}

const listedSymbols = async (database: Database): Promise<readonly string[]> =>
  (await currentCatalogue(database)).map(({ symbol }) => symbol);

/** Prints which markets of the given symbols may be twins but are not accepted as such yet. */
async function suggest(database: Database, symbols: readonly string[], json?: boolean): Promise<void> {
  const lists = await Promise.all(symbols.map((symbol) => instrumentsOf(database, symbol)));
  const accepted = await acceptedTwins(database);
  const markets = new Map(lists.flat().map((one) => [one.id, { ...one, twins: [...one.twins, ...(accepted.get(one.id) ?? [])] }]));
  const found = suggestTwins([...markets.values()]).map((pair) => {
    const both = pair.markets.flatMap((id) => markets.get(id) ?? []);
    return { ...pair, both, terms: compareTerms(both) };
  });
  if (json) return printJson(found.map(({ both: _, ...pair }) => pair));
  if (found.length === 0)
    return printLine('no new twins to suggest: no two markets of different venues look like one question; `predictlab run` finds markets');
  for (const { both, terms, ...pair } of found) {
    const [a, b] = pair.markets;
    const apart = pair.endsApartDays === null ? 'an end is not known' : `ends ${formatNumber(pair.endsApartDays, 1)} d apart`;
    const numbers = pair.numbers.length === 0 ? 'no numbers' : `numbers ${pair.numbers.join(', ')}`;
    printTwins({ markets: both, terms });
    printLine(`likeness ${formatNumber(pair.likeness, 2)}: words ${pair.words.join(', ')}; ${numbers}; ${apart}`);
    printLine(`if both ask the same question: predictlab symbols twins accept ${a} ${b}`);
  }
  printLine();
  printLine('these are suggestions, nothing was stored; ≠ marks what differs');
}

async function accept(database: Database, pair: TwinIds, { json, yes = false }: Answer): Promise<void> {
  const both = await Promise.all(pair.map((id) => marketOf(database, id)));
  const [one, other] = both;
  if (one.source === other.source) throw usageError(`${one.id} and ${other.id} are both at ${one.source}; a twin is at another venue`);
  if (one.market !== other.market)
    throw usageError(`${one.id} is priced as ${one.market}, ${other.id} as ${other.market}; they cannot be twins`);
  if ((await twinsOf(database, [one])).get(one.key)?.some(({ key }) => key === other.key))
    throw usageError(`${one.id} and ${other.id} are twins already; \`predictlab symbols show\` compares them`);
  const symbol = await entryFor(database, both);
  const terms = compareTerms(both);
  if (!yes) {
    if (json || !process.stdin.isTTY)
      throw usageError('symbols twins accept: add --yes, after you have compared the rules of both markets');
    printTwins({ markets: both, terms });
    printLine();
    if (!(await isConfirmed('Do both ask the same question? [y/N] '))) return printLine('nothing was stored');
  }
  await addTwins(database, symbol, [...pair].sort() as TwinIds);
  printAnswer(json, { accepted: pair, symbol, terms }, [
    `${one.id} and ${other.id} are twins now, in the catalogue entry ${symbol}`,
    `undo: predictlab symbols twins remove ${one.id} ${other.id}`,
  ]);
}

async function isConfirmed(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(question)).trim());
  } finally {
    terminal.close();
  }
}

async function marketOf(database: Database, id: string): Promise<StoredInstrument> {
  const found = await instrumentById(database, id);
  if (found !== undefined) return found;
  throw usageError(`no run has found an instrument ${id}; \`predictlab symbols show <symbol>\` lists those of a symbol`);
}

/** The catalogue entry that keeps a pair: one that has both markets, else one that has the first, else one that has the other. */
async function entryFor(database: Database, both: readonly StoredInstrument[]): Promise<string> {
  const symbols = await symbolsOfInstruments(database, keysOf(both));
  const [first, second] = both.map(({ key }) => symbols.get(key) ?? []);
  const named = await symbolsByName(database, [...first, ...second]);
  const ranked = [...first.filter((name) => second.includes(name)), ...first, ...second].flatMap((name) => named.get(name) ?? []);
  if (ranked.length === 0) throw usageError(`no symbol of the catalogue has ${both.map(({ id }) => id).join(' or ')}; add one first`);
  return ranked[0].universe ?? ranked[0].symbol;
}

async function remove(database: Database, pair: TwinIds, json?: boolean): Promise<void> {
  const symbols = await removeTwins(database, pair);
  if (symbols.length > 0)
    return printAnswer(json, { removed: pair, symbols }, `${pair.join(' and ')} are no longer twins; removed from ${symbols.join(', ')}`);
  const [one, other] = await Promise.all(pair.map((id) => marketOf(database, id)));
  const isNamed = one.twins.includes(other.id) || other.twins.includes(one.id);
  throw usageError(
    isNamed
      ? `${pair.join(' and ')} are twins because a venue names them so; only accepted twins can be removed`
      : `${pair.join(' and ')} are not twins; \`predictlab symbols export\` lists the accepted ones`,
  );
}
