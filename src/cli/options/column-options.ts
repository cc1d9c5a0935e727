import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { type TickColumnNames, tickColumnsSchema } from '../../contracts/catalogue.ts';
import { messageOf } from '../../contracts/errors.ts';
import { MARKET_KINDS, type MarketKind } from '../../contracts/words.ts';
import type { DateOrder } from '../../files/parse/parse-time.ts';
import type { TickFileOptions } from '../../files/read/read-tick-file.ts';
import { usageError } from '../terminal/exit.ts';
import { parseJson } from './read-text.ts';

/** The options that say how a tick file is read. */
export interface TickFileFlags {
  readonly columns?: string;
  readonly firstOutcome?: string;
  readonly market?: string;
  readonly priceUnit?: string;
  readonly dateOrder?: DateOrder;
}

/** Adds the options that say how a tick file is read. @param stored words about what is stored, for the defaults */
export const withTickFile = (command: Command, stored = ''): Command =>
  command
    .option('--columns <names>', COLUMNS_HELP)
    .option(
      '--first-outcome <name>',
      `the outcome whose probability is the price (default: ${stored}Yes, Up or 0; else the first in the file)`,
    )
    .option('--market <kind>', `probability or asset (default: ${stored}guessed from the prices)`)
    .addOption(new Option('--price-unit <unit>', 'unit of prices without a sign: cents of a probability (45 is 0.45)').choices(['cents']))
    .addOption(new Option('--date-order <order>', 'whether 03/04/2026 has the day or the month first').choices(['dmy', 'mdy']));

/** The options of a tick file, in the reader's words. @throws ExitError 2 that names the wrong one */
export const tickFileOptions = ({
  columns,
  priceUnit,
  dateOrder,
}: TickFileFlags): Pick<TickFileOptions, 'columns' | 'inCents' | 'dateOrder'> => ({
  columns: parseColumns(columns),
  ...(priceUnit === 'cents' && { inCents: true }),
  ...(dateOrder && { dateOrder }),
});

/** The market kind that the options state. Cents are those of a probability. @throws ExitError 2 for any other word */
export function marketOption({ market, priceUnit }: TickFileFlags): MarketKind | undefined {
  const stated = parseMarket(market);
  if (priceUnit === 'cents' && stated === 'asset')
    throw usageError('--price-unit cents applies to --market probability; leave one of them out');
  return priceUnit === 'cents' ? 'probability' : stated;
}

const ROLES = Object.keys(tickColumnsSchema.shape);

/** The help of `--columns`. */
export const COLUMNS_HELP = 'which column holds what: time=…,price=…,size=…,side=…,outcome=…,tradeId=… or @file.json';

/**
 * `time=Timestamp,price=Price`, or `@columns.json` with the same as an object: which column of a file holds what. A name
 * with a comma in it goes in double quotes.
 *
 * @throws ExitError 2 that names the part which is wrong
 */
export function parseColumns(text: string | undefined): Partial<TickColumnNames> {
  if (text === undefined) return {};
  if (text.startsWith('@')) return readColumns(text.slice(1));
  const columns: Record<string, string> = {};
  for (const part of text.match(/(?:[^,"]|"[^"]*")+/g) ?? []) {
    const at = part.indexOf('=');
    const role = part.slice(0, at).trim() === 'trade_id' ? 'tradeId' : part.slice(0, at).trim();
    const name = part
      .slice(at + 1)
      .trim()
      .replace(/^"(.*)"$/, '$1');
    if (at < 1 || name === '' || !ROLES.includes(role))
      throw usageError(`--columns ${text}: "${part}" is not one of ${ROLES.map((known) => `${known}=<column>`).join(', ')}`);
    columns[role] = name;
  }
  return columns;
}

function readColumns(file: string): Partial<TickColumnNames> {
  let json: unknown;
  try {
    json = parseJson(readFileSync(file, 'utf8'));
  } catch (error) {
    throw usageError(`--columns @${file}: ${messageOf(error)}`);
  }
  // parsed by hand: the schema would fill in defaults for the columns the user left out
  const names = Object.entries(typeof json === 'object' && json !== null ? json : {});
  const wrong = names.find(([role, name]) => !ROLES.includes(role) || typeof name !== 'string' || name === '');
  if (names.length === 0 || wrong !== undefined) {
    throw usageError(
      `--columns @${file}: ${wrong === undefined ? 'it does not hold an object' : `"${wrong[0]}" is wrong`}; write {"time": "Timestamp", …} with some of ${ROLES.join(', ')}`,
    );
  }
  return Object.fromEntries(names);
}

/** The market kind given by an option. @throws ExitError 2 for any other word */
export function parseMarket(text: string | undefined): MarketKind | undefined {
  const market = MARKET_KINDS.find((kind) => kind === text);
  if (text !== undefined && market === undefined) throw usageError(`--market ${text}: write one of ${MARKET_KINDS.join(', ')}`);
  return market;
}
