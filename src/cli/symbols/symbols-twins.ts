import type { Command } from 'commander';
import { suggestTwins } from '../../market/suggest-twins.ts';
import { formatNumber } from '../../report/elements/format.ts';
import type { Database } from '../../storage/database/database.ts';
import { currentCatalogue } from '../../storage/markets/first-catalogue.ts';
import { instrumentsOf } from '../../storage/markets/instruments.ts';
import { fitText, printJson, printLine, printTable } from '../terminal/print.ts';
import { useStoredData } from '../terminal/session.ts';

const TITLE_WIDTH = 50;

/** Adds `symbols twins suggest`. */
export function registerTwins(symbols: Command): void {
  const twins = symbols.command('twins').summary('markets of different venues that ask the same question');
  twins
    .command('suggest')
    .summary('suggest twins by what venues name, titles, dates, strikes and ends; stores nothing')
    .argument('[symbols...]', 'only among the markets of these symbols (default: all)')
    .option('--json', 'print [{ markets, by, likeness, endsApartDays }]')
    .action((names: string[], { json }: { json?: boolean }) =>
      useStoredData(async (database) => await suggestTwinsOf(database, names.length > 0 ? names : await listedSymbols(database), json)),
    );
}

const listedSymbols = async (database: Database): Promise<readonly string[]> =>
  (await currentCatalogue(database)).map(({ symbol }) => symbol);

/** Prints which markets of the given symbols may be twins; nothing is stored. */
async function suggestTwinsOf(database: Database, symbols: readonly string[], json?: boolean): Promise<void> {
  const lists = await Promise.all(symbols.map((symbol) => instrumentsOf(database, symbol)));
  const markets = new Map(lists.flat().map((one) => [one.id, one]));
  const found = suggestTwins([...markets.values()]);
  if (json) return printJson(found);
  if (found.length === 0) return printLine('no two markets of different venues look like one question; `predictlab run` finds the markets');
  const title = (id: string): string => fitText(markets.get(id)?.title ?? '', TITLE_WIDTH);
  printTable([
    ['market', 'title', 'may be the twin', 'title', 'likeness', 'ends apart'],
    ...found.map(({ markets: [a, b], by, likeness, endsApartDays }) => [
      a,
      title(a),
      b,
      title(b),
      by === 'named' ? 'named by its venue' : formatNumber(likeness, 2),
      endsApartDays === null ? '–' : `${formatNumber(endsApartDays, 1)} d`,
    ]),
  ]);
  printLine();
  printLine('compare the rules and ends of both before you treat them as one question; these are suggestions, nothing was stored');
}
