import { PredictLabError } from '../../contracts/errors.ts';

/**
 * How a file writes its numbers: with a decimal point, thousands perhaps grouped by commas (`"1,234.5"`, which only quotes allow in a
 * file of commas); with a decimal point and no grouping; or with a decimal comma (`0,45`).
 */
export type NumberNotation = 'grouped' | 'point' | 'comma';

/** A field that should be a number, and where it stands. */
export interface NumberField {
  readonly text: string;
  readonly line: number;
}

const HAS_COMMA = /^[+-]?[\d.]*,\d/;
const HAS_POINT = /^[+-]?[\d,]*\.\d|^[+-]?\d+\.$/;
/** 1,234.5: nobody groups a number that begins with 0, so 0,450 is none. */
const GROUPED = /^[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?$/;
const DELIMITER_NAMES: Readonly<Record<string, string>> = { ';': 'semicolons', '\t': 'tabs', '|': 'bars' };

/** Whether a number's commas group its thousands. */
export const isGrouped = (text: string): boolean => GROUPED.test(text);

/**
 * The notation of a file, from what its first number fields say. In a file that is separated by commas a comma in a number groups
 * its thousands; anywhere else it is the decimal one. A file that has numbers of another kind is refused: read so, its `45,125` might be
 * a thousand times what it says.
 *
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
  throw new PredictLabError(
    'BadInput',
    `${path} is separated by ${DELIMITER_NAMES[delimiter] ?? delimiter} and has numbers with commas and with points, ${both.join(' and ')}: ` +
      'write all with a decimal point or all with a decimal comma, without separators of thousands',
  );
}

const decimalComma = (path: string, text: string, line: number): PredictLabError =>
  new PredictLabError(
    'BadInput',
    `${path}, line ${line}: ${text} has a decimal comma in a file that is separated by commas; separate the fields by semicolons, or write decimal points`,
  );
