import type { CandidateRow } from '../../contracts/market-data.ts';
import type { TickKind } from '../../contracts/words.ts';
import { contentIdentity } from '../../market/identity.ts';
import { mirrorPrice } from '../../market/mirror-price.ts';
import type { TickColumnIndices } from '../read/tick-columns.ts';
import type { NumberNotation } from './number-notation.ts';
import type { OutcomePolarity } from './outcome-polarity.ts';
import { parseNumber } from './parse-number.ts';
import { oppositeSide, parseSide } from './parse-side.ts';
import { parseTime, type TimeUnit } from './parse-time.ts';
import { splitFields } from './split-fields.ts';

/** How the lines of one file are to be read. */
export interface LineFormat {
  readonly delimiter: string;
  readonly columns: TickColumnIndices;
  readonly timeUnit: TimeUnit;
  readonly notation: NumberNotation;
  /** Where an export of ours says whose tick a line is; -1 in other files. */
  readonly instrumentColumn: number;
}

/** A line's fields as the file means them, before mirroring. */
export interface TickLine
  extends Pick<CandidateRow, 'raw' | 'kind' | 'time' | 'price' | 'size' | 'side' | 'outcome' | 'tradeId' | 'defect'> {
  readonly instrument: string | null;
}

/** Reads one line. What cannot be read is null and makes the line `malformed`; numbers are not judged. */
export function parseTickLine(raw: string, { delimiter, columns, timeUnit, notation, instrumentColumn }: LineFormat): TickLine {
  const defaultKind: TickKind = columns.size >= 0 ? 'trade' : 'price';
  const fields = splitFields(raw, delimiter);
  if (fields === null || !isWhole(fields, columns.width)) {
    return {
      raw,
      kind: defaultKind,
      time: null,
      price: null,
      size: null,
      side: null,
      outcome: null,
      tradeId: null,
      instrument: null,
      defect: 'malformed',
    };
  }
  const text = (index: number): string | null => (index < 0 ? null : fields[index].trim() || null);
  const kind = text(columns.kind) === 'price' ? 'price' : defaultKind;
  const time = parseTime(fields[columns.time], timeUnit);
  const price = parseNumber(fields[columns.price], notation);
  const size = kind === 'price' ? null : parseNumber(fields[columns.size], notation);
  const side = columns.side < 0 ? null : parseSide(fields[columns.side]);
  const isUnreadable = time === null || price === null || (kind === 'trade' && size === null) || side === undefined;
  const isFinite = Number.isFinite(time) && Number.isFinite(price) && (size === null || Number.isFinite(size));
  return {
    raw,
    kind,
    time,
    price,
    size,
    side: side ?? null,
    outcome: text(columns.outcome),
    tradeId: text(columns.tradeId),
    instrument: text(instrumentColumn),
    defect: isUnreadable ? 'malformed' : isFinite ? null : 'not-finite',
  };
}

/** A line torn off has too few fields, two lines run together too many; empty fields at the end are no harm. */
const isWhole = (fields: readonly string[], width: number): boolean =>
  fields.length === width || (fields.length > width && fields.slice(width).every((field) => field.trim() === ''));

/** A row that is still being read: its identity is found last. */
export type NewRow = { -readonly [Field in keyof CandidateRow]: CandidateRow[Field] };

/** The row as of the instrument's first outcome: a trade of the other one has its price mirrored and its side flipped. */
export function toRow(line: TickLine, polarity: OutcomePolarity | null): NewRow {
  const { raw, kind, time, size, outcome, tradeId } = line;
  const traded = polarity === null || line.defect !== null ? 'first' : polarity.of(outcome ?? '');
  const isMirrored = traded === 'second';
  return {
    kind,
    time,
    price: isMirrored && line.price !== null ? mirrorPrice(line.price) : line.price,
    size,
    side: isMirrored ? oppositeSide(line.side) : line.side,
    outcome,
    tradeId,
    identity: '',
    raw,
    defect: traded === null ? 'unknown-outcome' : line.defect,
  };
}

/**
 * What makes a row the trade it is, whatever the file's columns are called and however it writes numbers. A bad row is
 * its line: the same one however often it is met.
 */
export const contentHash = ({ time, price, size, side, outcome, defect, raw }: NewRow): string =>
  contentIdentity(defect === null ? [time, price, size, side, outcome] : [raw]);
