import { catalogueEntrySchema } from '../../../contracts/catalogue.ts';
import { usageError } from '../../terminal/exit.ts';

/**
 * A symbol's name that a command was given.
 *
 * @param where what the sentence calls it: `--symbol`
 * @throws ExitError 2 when the catalogue could not hold it
 */
export function symbolName(where: string, symbol: string): string {
  if (catalogueEntrySchema.shape.symbol.safeParse(symbol).success) return symbol;
  const shown = symbol.length > 40 ? `${symbol.slice(0, 40)}…` : symbol;
  throw usageError(`${where} ${shown}: a symbol is at most 128 letters, digits, _ . -, the first a letter or digit`);
}
