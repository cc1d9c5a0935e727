import type { Command } from 'commander';
import { type TickColumnNames, tickColumnsSchema } from '../../contracts/catalogue.ts';
import { MARKET_KINDS, type MarketKind } from '../../contracts/words.ts';
import type { DateOrder } from '../../files/parse/parse-time.ts';
import type { TickFileOptions } from '../../files/read/read-tick-file.ts';
import { recordOf } from '../../input/raw-input.ts';
import { usageError } from '../terminal/print.ts';
import { takesWord } from './parsers.ts';
import { readJson } from './read-text.ts';

export interface TickFileFlags {
  readonly columns?: string;
  readonly firstOutcome?: string;
  readonly market?: MarketKind;
  readonly priceUnit?: string;
  readonly dateOrder?: DateOrder;
}

/** Adds the options that say how a tick file is read. @param stored text about stored values that precedes each default in the help */
export const withTickFile = (command: Command, stored = ''): Command =>
  command
    .option('--columns <names>', COLUMNS_HELP)
    .option(
      '--first-outcome <name>',
      `the outcome whose probability is the price (default: ${stored}Yes, Up or 0; else the first in the file)`,
    )
    .addOption(takesWord('--market <kind>', `probability or asset (default: ${stored}guessed from the prices)`, MARKET_KINDS))
    .addOption(takesWord('--price-unit <unit>', 'unit of prices without a sign: cents, of a probability (45 is 0.45)', ['cents']))
    .addOption(takesWord('--date-order <order>', 'whether 03/04/2026 has the day (dmy) or the month (mdy) first', ['dmy', 'mdy']));

/** Converts the flags about a tick file to the options of the file reader. @throws ExitError 2 that names the wrong one */
export async function tickFileOptions(
  flags: Pick<TickFileFlags, 'columns' | 'priceUnit' | 'dateOrder'>,
): Promise<Pick<TickFileOptions, 'columns' | 'inCents' | 'dateOrder'>> {
  const { columns, priceUnit, dateOrder } = flags;
  return { columns: await parseColumns(columns), ...(priceUnit === 'cents' && { inCents: true }), ...(dateOrder && { dateOrder }) };
}

/** The market kind that the options state; prices in cents imply a probability. @throws ExitError 2 when the options contradict each other */
export function marketOption({ market, priceUnit }: TickFileFlags): MarketKind | undefined {
  if (priceUnit === 'cents' && market === 'asset')
    throw usageError('--price-unit cents applies to --market probability; leave one of them out');
  return priceUnit === 'cents' ? 'probability' : market;
}

const ROLES = Object.keys(tickColumnsSchema.shape);

/** The help of `--columns`. */
export const COLUMNS_HELP = 'which column holds what: time=…,price=…,size=…,side=…,outcome=…,tradeId=… or @file.json';

/**
 * Maps fields to the columns of a file: `time=Timestamp,price=Price` (double quotes around a name with a comma), or `@columns.json` with an
 * object.
 * @throws ExitError 2 that names the part which is wrong
 */
export async function parseColumns(text: string | undefined): Promise<Partial<TickColumnNames>> {
  if (text === undefined) return {};
  if (text.startsWith('@')) return await readColumns(text.slice(1));
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

async function readColumns(file: string): Promise<Partial<TickColumnNames>> {
  const where = `--columns @${file}`;
  const wanted = `write {"time": "Timestamp", …} with some of ${ROLES.join(', ')}`;
  // Checked without the schema, which would fill in defaults for the columns that the user left out.
  const names = Object.entries(recordOf(await readJson(where, file, wanted)));
  const wrong = names.find(([role, name]) => !ROLES.includes(role) || typeof name !== 'string' || name === '');
  if (names.length === 0) throw usageError(`${where}: it does not hold an object; ${wanted}`);
  if (wrong !== undefined) throw usageError(`${where}: "${wrong[0]}" is wrong; ${wanted}`);
  return Object.fromEntries(names);
}

/** Advice for a file whose rows are all bad: what to check, depending on the reasons. @param reasons number of bad rows by reason */
export function adviceOn(reasons: Readonly<Record<string, number | undefined>>): string {
  if (reasons['time-range'])
    return 'the times lie before 1971 or in the future: check which column holds the time (--columns), and its unit';
  if (reasons['price-range']) return 'check --columns and --market (prices of a probability are from 0 to 1)';
  return 'check --columns';
}
