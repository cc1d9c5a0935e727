import { badInput, type PredictLabError } from '../../contracts/errors.ts';

/**
 * How a file writes its numbers: `grouped` has a decimal point and may have commas between thousands (in a CSV only inside quotes:
 * `"1,234.5"`), `point` has no commas, and `comma` has a decimal comma (`0,45`).
 */
export type NumberNotation = 'grouped' | 'point' | 'comma';

export interface NumberField {
  readonly text: string;
  readonly line: number;
}

const HAS_COMMA = /^[+-]?[\d.]*,\d/;
const HAS_POINT = /^[+-]?[\d,]*\.\d|^[+-]?\d+\.$/;
/** Matches a number such as 1,234.5. A number that starts with 0 is never grouped, so 0,450 does not match. */
const GROUPED = /^[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?$/;
const DELIMITER_NAMES: Readonly<Record<string, string>> = { ';': 'semicolons', '\t': 'tabs', '|': 'bars' };

/** Whether a number's commas group its thousands. */
export const isGrouped = (text: string): boolean => GROUPED.test(text);

/**
 * The notation of a file, judged by its first number fields. In a file separated by commas, a comma in a number groups thousands; in any
 * other file it is the decimal comma. A file with both is refused, because `45,125` could be wrong by a factor of a thousand.
 * @throws PredictLabError BadInput that shows a number of each kind
 */
export function notationOf(path: string, delimiter: string, fields: Iterable<NumberField>): NumberNotation {
  if (delimiter === ',') {
    for (const { text, line } of fields) {
      if (HAS_COMMA.test(text.trim()) && !isGrouped(text.trim())) throw decimalComma(path, text.trim(), line);
    }
    return 'grouped';
  }
  let comma: NumberField | undefined;
  let point: NumberField | undefined;
  for (const field of fields) {
    const text = field.text.trim();
    if (comma === undefined && HAS_COMMA.test(text)) comma = field;
    if (point === undefined && HAS_POINT.test(text)) point = field;
  }
  if (comma === undefined) return 'point';
  if (point === undefined) return 'comma';
  const both = [...new Set([comma, point].sort((a, b) => a.line - b.line))].map(({ text, line }) => `${text.trim()} (line ${line})`);
  throw badInput(
    `${path} is separated by ${DELIMITER_NAMES[delimiter] ?? delimiter} and has numbers with commas and with points, ${both.join(' and ')}: ` +
      'write all with a decimal point or all with a decimal comma, without separators of thousands',
  );
}

const decimalComma = (path: string, text: string, line: number): PredictLabError =>
  badInput(
    `${path}, line ${line}: ${text} has a decimal comma in a file that is separated by commas; separate the fields by semicolons, or write decimal points`,
  );

const NOT_FINITE = /^[+-]?(nan|inf|infinity|1\.#(inf|qnan|ind))$/i;
const DECIMAL_COMMA = /^[+-]?(\d+,\d*|,\d+)(e[+-]?\d+)?$/i;
/** The forms in which a file may write prices, for error messages. */
export const PRICE_FORMS = 'prices are numbers such as 0.45, $0.45, 45¢ or 45%';
const MONEY = /^([+-]?)\s*[$€£]\s*/;
const HUNDREDTHS = /\s*[¢%]$/;

/**
 * The price in a field: a number, perhaps with a currency sign (`$0.45`), or hundredths (`45¢`, `45%`).
 * @param inCents whether numbers without a sign are hundredths
 * @returns null when the field is empty or not a price
 */
export function parsePrice(field: string, notation: NumberNotation, inCents = false): number | null {
  const text = field.trim();
  const last = text.charCodeAt(text.length - 1);
  // Most prices are plain numbers, which need no search for signs.
  if (!inCents && last >= 48 && last <= 57 && !MONEY.test(text)) return parseNumber(text, notation);
  const isHundredths = HUNDREDTHS.test(text);
  const bare = text.replace(HUNDREDTHS, '').replace(MONEY, '$1');
  const value = parseNumber(bare, notation);
  if (value === null || !(isHundredths || (inCents && bare === text))) return value;
  // Changes the exponent instead of dividing, so that 57% is 0.57 exactly.
  return Number.isFinite(value) ? Number(`${value}e-2`) : value;
}

/** Matches 0x1f, 0b1 and 0o7, which Number() accepts, although they are parts of ids and not prices. */
const OTHER_BASE = /^[+-]?0[xbo]/i;

/**
 * Reads the number in a field, such as `0.5`, `.5`, `5e-1` or `+0.5`; NaN and infinities are read too. The notation decides whether a comma
 * groups thousands, is the decimal comma or is not valid. In a file with decimal commas a point is not valid.
 * @returns null when the field is empty or not a number
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
