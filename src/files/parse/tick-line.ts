import type { TickColumnNames } from '../../contracts/catalogue.ts';
import { badInput } from '../../contracts/errors.ts';
import type { CandidateRow } from '../../contracts/market-data.ts';
import type { TickKind } from '../../contracts/words.ts';
import { contentIdentity } from '../../market/identity.ts';
import { mirrorPrice } from '../../market/mirror-price.ts';
import { type NumberNotation, PRICE_FORMS, parseNumber, parsePrice } from './parse-number.ts';
import { type DateOrder, parseTime, TIME_FORMS, type TimeUnit } from './parse-time.ts';

/** One row of a file, before the meaning of its fields is known. */
export interface FileRecord {
  /** Number of the line (text files) or of the row (Parquet) in the file, from 1. */
  readonly number: number;
  /** The text of the line; for Parquet the fields that were read, as JSON. */
  readonly raw: string;
  /** The texts of the fields; null where the line cannot be split into fields. */
  readonly fields: readonly string[] | null;
}

export interface LineFormat {
  readonly columns: TickColumnIndices;
  readonly timeUnit: TimeUnit;
  readonly notation: NumberNotation;
  readonly dateOrder?: DateOrder | undefined;
  /** Whether prices without a sign are in cents. */
  readonly inCents?: boolean;
  readonly markets: readonly MarketColumn[];
}

export interface MarketColumn {
  readonly name: string;
  readonly column: number;
}

/** The fields of a line as read, with the price and side of the traded outcome. */
interface TickLine extends Pick<CandidateRow, 'raw' | 'kind' | 'time' | 'price' | 'size' | 'side' | 'outcome' | 'tradeId' | 'defect'> {
  /** Values of the columns that name the market; empty for a line that cannot be read. */
  readonly labels: readonly string[];
}

/** Reads one row. A field that cannot be read is null and makes the line `malformed`; ranges are not checked here. */
export function parseTickLine({ raw, fields }: FileRecord, format: LineFormat): TickLine {
  const { columns, timeUnit, notation, dateOrder, inCents, markets } = format;
  const defaultKind: TickKind = columns.size >= 0 ? 'trade' : 'price';
  if (fields === null || !isWhole(fields, columns.width)) {
    const nothing = { time: null, price: null, size: null, side: null, outcome: null, tradeId: null };
    return { raw, kind: defaultKind, ...nothing, labels: [], defect: 'malformed' };
  }
  const text = (index: number): string | null => (index < 0 ? null : fields[index].trim() || null);
  const kind = text(columns.kind) === 'price' ? 'price' : defaultKind;
  const time = parseTime(fields[columns.time], timeUnit, dateOrder);
  const price = parsePrice(fields[columns.price], notation, inCents);
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
    labels: markets.map(({ column }) => fields[column].trim()),
    defect: isUnreadable ? 'malformed' : isFinite ? null : 'not-finite',
  };
}

/** Why a line cannot be read: the field, its value, and the forms that a file may use; undefined when the line can be read. */
export function unreadableField({ raw, fields }: FileRecord, format: LineFormat): string | undefined {
  const { columns, timeUnit, notation, dateOrder, inCents } = format;
  if (fields === null) return raw.includes('"') && !raw.startsWith('{') ? 'a quote is not closed' : 'it is not a JSON object';
  if (!isWhole(fields, columns.width)) return `${fields.length} fields under a header of ${columns.width}`;
  const said = (name: string, column: number): string => `${name} ${JSON.stringify(fields[column].trim().slice(0, 60))} cannot be read`;
  if (parseTime(fields[columns.time], timeUnit, dateOrder) === null) return `${said('time', columns.time)}: ${TIME_FORMS}`;
  if (parsePrice(fields[columns.price], notation, inCents) === null) return `${said('price', columns.price)}: ${PRICE_FORMS}`;
  const isPoint = columns.kind >= 0 && fields[columns.kind].trim() === 'price';
  if (columns.size >= 0 && !isPoint && parseNumber(fields[columns.size], notation) === null)
    return `${said('size', columns.size)}: sizes are numbers such as 12.5`;
  const isSide = columns.side < 0 || parseSide(fields[columns.side]) !== undefined;
  return isSide ? undefined : `${said('side', columns.side)}: sides are buy or sell`;
}

/** Whether a line has as many fields as the header, apart from empty ones at its end. Cut lines have fewer, joined lines have more. */
const isWhole = (fields: readonly string[], width: number): boolean =>
  fields.length === width || (fields.length > width && fields.slice(width).every((field) => field.trim() === ''));

/** A row that is still being built: its `identity` is set last. */
export type NewRow = { -readonly [Field in keyof CandidateRow]: CandidateRow[Field] };

/** Converts a line to a row with prices of the first outcome: a trade of the other outcome gets 1 − price and the opposite side. */
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

/** The hash that identifies a trade by its values, whatever the column names and notation. A bad row is identified by its line's text. */
export const contentHash = ({ time, price, size, side, outcome, defect, raw }: NewRow): string =>
  contentIdentity(defect === null ? [time, price, size, side, outcome] : [raw]);

const SIDES: ReadonlyMap<string, 'buy' | 'sell'> = new Map([
  ...['buy', 'b', 'bid', 'bought', 'long'].map((word) => [word, 'buy'] as const),
  ...['sell', 's', 'ask', 'sold', 'short'].map((word) => [word, 'sell'] as const),
]);

/** The side in a field, in any letter case; null when it is empty, undefined when it is another word. */
export function parseSide(field: string): 'buy' | 'sell' | null | undefined {
  const text = field.trim().toLowerCase();
  return text === '' ? null : SIDES.get(text);
}

/** The side of the other outcome: a buy of No is a sell of Yes. */
const oppositeSide = (side: 'buy' | 'sell' | null): 'buy' | 'sell' | null => {
  if (side === null) return null;
  return side === 'buy' ? 'sell' : 'buy';
};

/** Pairs of outcome names: the name that venues list first, and its counterpart. */
const COUNTERPARTS = [
  ['Yes', 'No'],
  ['Up', 'Down'],
  ['0', '1'],
] as const;

const keyOf = (name: string): string => name.trim().toLowerCase();
const USUALLY_FIRST = new Set(COUNTERPARTS.map(([first]) => keyOf(first)));
const COUNTERPART_OF = new Map(COUNTERPARTS.map(([first, second]) => [keyOf(second), first]));

/**
 * Decides which outcome of a binary market a row traded. The first outcome is the one that the user named, else Yes, Up or 0 if the sample
 * has it, else the sample's first name other than No, Down and 1, else the counterpart of No, Down or 1. The second outcome is the next
 * other name. A third name is not part of a binary market.
 */
export class OutcomePolarity {
  private readonly first: { key: string; name: string } | undefined;
  private second: { key: string; name: string } | undefined;

  constructor(firstOutcome: string | undefined, sample: readonly string[]) {
    const names = sample.map((name) => name.trim()).filter((name) => name !== '');
    const usual = names.find((name) => USUALLY_FIRST.has(keyOf(name)));
    const plain = names.find((name) => !COUNTERPART_OF.has(keyOf(name)));
    const name = firstOutcome ?? usual ?? plain ?? (names[0] === undefined ? undefined : COUNTERPART_OF.get(keyOf(names[0])));
    this.first = name === undefined ? undefined : { key: keyOf(name), name: name.trim() };
  }

  /** The names read so far, first outcome first; empty when the file has none. */
  get outcomes(): readonly string[] {
    return [this.first, this.second].flatMap((outcome) => (outcome === undefined ? [] : [outcome.name]));
  }

  /** Which of the two outcomes a name stands for. @returns null when it is neither of them */
  of(name: string): 'first' | 'second' | null {
    const key = keyOf(name);
    if (key === '' || this.first === undefined) return null;
    if (key === this.first.key) return 'first';
    this.second ??= { key, name: name.trim() };
    return key === this.second.key ? 'second' : null;
  }
}

/** The fields that a tick file's columns may hold. Only files written by `export ticks` have `kind`. */
const ROLES = ['time', 'price', 'size', 'side', 'outcome', 'tradeId', 'kind'] as const;
type Role = (typeof ROLES)[number];

/** The name that the column of a field has by default. */
const defaultName = (role: Role): string => (role === 'tradeId' ? 'trade_id' : role);

/** The index of the column for each field of ROLES; -1 where the file has no such column. */
export interface TickColumnIndices extends Readonly<Record<Role, number>> {
  readonly width: number;
}

/**
 * Finds the columns of a tick file by exact name, else ignoring case; `time`, `price` and columns that the user named are required.
 * @throws PredictLabError BadInput that lists the columns the file has
 */
export function findTickColumns(path: string, header: readonly string[], named: Partial<TickColumnNames> = {}): TickColumnIndices {
  const names = header.map((name) => name.trim());
  const lowered = names.map((name) => name.toLowerCase());
  const indexOf = (name: string): number => {
    const exact = names.indexOf(name);
    return exact >= 0 ? exact : lowered.indexOf(name.toLowerCase());
  };
  const missing: string[] = [];
  const indices = Object.fromEntries(
    ROLES.map((role) => {
      const given = role === 'kind' ? undefined : named[role];
      const name = given ?? defaultName(role);
      const index = indexOf(name);
      if (index < 0 && (given !== undefined || role === 'time' || role === 'price')) missing.push(`${role} ("${name}")`);
      return [role, index];
    }),
  ) as Record<Role, number>;
  for (const [role, index] of Object.entries(indices))
    if (index >= 0 && lowered.lastIndexOf(lowered[index]) !== lowered.indexOf(lowered[index]))
      throw badInput(`${path} has several columns named ${names[index]}, so it is not clear which holds the ${role}; rename the others`);
  if (missing.length > 0) {
    const columns = names.filter((name) => name !== '').join(', ');
    throw badInput(
      `${path} has no column for ${missing.join(' and ')}; its columns are: ${columns}. Say which one holds what with --columns, e.g. --columns time=Timestamp,price=Price,size=Shares`,
    );
  }
  return { ...indices, width: names.length };
}
