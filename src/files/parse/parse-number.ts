import { isGrouped, type NumberNotation } from './number-notation.ts';

const NOT_FINITE = /^[+-]?(nan|inf|infinity|1\.#(inf|qnan|ind))$/i;
const DECIMAL_COMMA = /^[+-]?(\d+,\d*|,\d+)(e[+-]?\d+)?$/i;
/** Number() reads 0x1f, 0b1 and 0o7; nobody writes prices so, but torn ids look like it. */
const OTHER_BASE = /^[+-]?0[xbo]/i;

/**
 * The number a field says: `0.5`, `.5`, `5e-1`, `+0.5`; NaN and infinities as such. A comma inside it groups thousands (`1,234.5`), is
 * the decimal one (`0,5`) or makes it no number, as the file's notation says. In a file of decimal commas a point makes it no number.
 *
 * @returns null when the field is empty or no number
 */
export function parseNumber(field: string, notation: NumberNotation = 'grouped'): number | null {
  const text = field.trim();
  if (text === '') return null;
  if (notation === 'comma') {
    if (DECIMAL_COMMA.test(text)) return Number(text.replace(',', '.'));
    if (text.includes('.') && !NOT_FINITE.test(text)) return null;
  }
  const value = Number(text);
  if (!Number.isNaN(value)) return OTHER_BASE.test(text) ? null : value;
  if (NOT_FINITE.test(text)) return Number.NaN;
  return notation === 'grouped' && isGrouped(text) ? Number(text.replaceAll(',', '')) : null;
}
