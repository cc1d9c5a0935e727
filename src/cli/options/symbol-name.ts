import { catalogueEntrySchema } from '../../contracts/catalogue.ts';
import { usageError } from '../terminal/exit.ts';

/**
 * The symbol given to a command.
 *
 * @param where the option or command that names the symbol, for the error: `--symbol`
 * @throws ExitError 2 when it is not a valid symbol
 */
export function symbolName(where: string, symbol: string): string {
  if (catalogueEntrySchema.shape.symbol.safeParse(symbol).success) return symbol;
  const shown = symbol.length > 40 ? `${symbol.slice(0, 40)}…` : symbol;
  throw usageError(`${where} ${shown}: a symbol has at most 128 letters, digits, _ . - and starts with a letter or digit`);
}
