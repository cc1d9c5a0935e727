import { tickColumnsSchema, type TickColumnNames } from '../contracts/catalogue.ts';
import { MARKET_KINDS, type MarketKind } from '../contracts/words.ts';
import { usageError } from './exit.ts';

const ROLES = Object.keys(tickColumnsSchema.shape);

/**
 * `time=Timestamp,price=Price` → which column of a file holds what. A name with a comma in it goes in double quotes.
 *
 * @throws ExitError 2 that names the part which is wrong
 */
export function parseColumns(text: string | undefined): Partial<TickColumnNames> {
  if (text === undefined) return {};
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

/** @throws ExitError 2 unless it names a market kind */
export function parseMarket(text: string | undefined): MarketKind | undefined {
  const market = MARKET_KINDS.find((kind) => kind === text);
  if (text !== undefined && market === undefined) throw usageError(`--market ${text}: write one of ${MARKET_KINDS.join(', ')}`);
  return market;
}
