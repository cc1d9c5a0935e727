import type { TickColumnNames } from '../../contracts/catalogue.ts';
import { badInput } from '../../contracts/errors.ts';
import { nearestName } from '../../contracts/text/nearest-name.ts';
import { notationOf, parsePrice } from '../parse/parse-number.ts';
import { type DateOrder, dateOrderOf, timeUnitOf } from '../parse/parse-time.ts';
import { type FileRecord, findTickColumns, type LineFormat, type MarketColumn, unreadableField } from '../parse/tick-line.ts';
import type { RecordFile } from './records.ts';

const SAMPLE = 200;
/** Matches the names of columns whose values name a market. */
export const MARKET_NAMES =
  /^(symbol|instrument|market|market_?(id|slug|name|title)|condition_?id|contract|contract_?(id|name)|ticker|slug|question|event|event_?(id|slug|name|title|ticker))$/i;
/** Matches the names of columns with ids of single outcomes. If no column names the outcome, such an id stands for the market. */
export const OUTCOME_IDS = /^(asset|token)_?id$/i;

export interface FormatOptions {
  readonly columns?: Partial<TickColumnNames>;
  /** Whether 03/04/2026 is the 3rd of April or March 4. @default decided by a day above 12 in the file; a file without one is refused */
  readonly dateOrder?: DateOrder;
  /** Whether prices without a sign are in cents. @default false */
  readonly inCents?: boolean;
  /** The column whose values name the market, for a file with several markets. @default none: a file with several is refused */
  readonly by?: string;
  readonly signal?: AbortSignal;
}

interface TickFormat {
  readonly format: LineFormat;
  /** Indices of the columns that are read. */
  readonly places: readonly number[];
  readonly isEmpty: boolean;
  /** Whether `export ticks` wrote the file, so that its prices are those of the first outcome already. */
  readonly isOwnExport: boolean;
  readonly prices: readonly number[];
  readonly outcomes: readonly string[];
}

/**
 * Recognises the format of a tick file from its column names and first rows.
 * @throws PredictLabError BadInput when the file lacks a column, or none of its rows can be read
 */
export async function tickFormatOf(file: RecordFile, options: FormatOptions): Promise<TickFormat> {
  const { path, names, delimiter } = file;
  const columns = findTickColumns(path, names, options.columns);
  const roles: ReadonlySet<number> = new Set(
    Object.entries(columns).flatMap(([role, column]) => (role === 'width' || column < 0 ? [] : [column])),
  );
  const by = options.by === undefined ? undefined : columnOf(path, names, options.by);
  const markets = names.flatMap((name, column): MarketColumn[] =>
    !roles.has(column) && column !== by && (MARKET_NAMES.test(name) || (columns.outcome < 0 && OUTCOME_IDS.test(name)))
      ? [{ name, column }]
      : [],
  );
  const places = [...new Set([...roles, ...markets.map(({ column }) => column), ...(by === undefined ? [] : [by])])];
  const first = await firstRecords(file, { columns: places, signal: options.signal });
  const sample = first.flatMap(({ number, fields }) => (fields === null || fields.length < columns.width ? [] : [{ number, fields }]));
  const numbers = sample.flatMap(({ number, fields }) =>
    [columns.price, columns.size].flatMap((column) =>
      column < 0 ? [] : [{ text: fields[column].replaceAll(/[$€£¢%\s]/g, ''), line: number }],
    ),
  );
  const times = sample.map(({ fields }) => fields[columns.time]);
  const format: LineFormat = {
    columns,
    timeUnit: timeUnitOf(times),
    notation: delimiter === '' ? 'point' : notationOf(path, delimiter, numbers),
    dateOrder: options.dateOrder ?? (await knownOrder(file, { times, column: columns.time, signal: options.signal })),
    ...(options.inCents && { inCents: true }),
    markets,
  };
  if (first.length > 0 && first.every((record) => unreadableField(record, format) !== undefined))
    await refuseUnreadable(file, { format, columns: places, signal: options.signal });
  return {
    format,
    places,
    isEmpty: first.length === 0,
    isOwnExport: ['symbol', 'source', 'instrument', 'kind'].every((name, i) => names[i] === name),
    prices: sample.map(({ fields }) => parsePrice(fields[columns.price], format.notation, format.inCents) ?? Number.NaN),
    outcomes: columns.outcome < 0 ? [] : sample.map(({ fields }) => fields[columns.outcome].trim()).filter((name) => name !== ''),
  };
}

/** The index of a column by its name, ignoring case. @throws PredictLabError BadInput that lists the columns the file has */
export function columnOf(path: string, names: readonly string[], name: string): number {
  const column = names.findIndex((one) => one.toLowerCase() === name.toLowerCase());
  if (column >= 0) return column;
  const near = nearestName(name, names);
  throw badInput(
    `${path} has no column ${name}; its columns are: ${names.join(', ')}${near === undefined ? '' : `; did you mean ${near}?`}`,
  );
}

/** The order of day and month in dates. If the first rows do not show it, the whole file is searched for a row that does. */
async function knownOrder(
  file: RecordFile,
  { times, column, signal }: { times: readonly string[]; column: number; signal: AbortSignal | undefined },
): Promise<DateOrder | undefined> {
  const order = dateOrderOf(times);
  if (order === 'none') return undefined;
  if (order !== 'unknown') return order;
  for await (const records of file.records({ columns: [column], signal })) {
    const found = dateOrderOf(records.map(({ fields }) => fields?.[column] ?? ''));
    if (found === 'dmy' || found === 'mdy') return found;
  }
  const example = times.find((time) => dateOrderOf([time]) === 'unknown') ?? '';
  throw badInput(
    `${file.path}: the date ${example.trim()} may have the day or the month first, and no date in the file decides; write ISO 8601 dates such as 2026-11-24, or say --date-order dmy (day first) or mdy`,
  );
}

interface RecordsRead {
  readonly columns: readonly number[];
  readonly signal: AbortSignal | undefined;
}

/** Searches the whole file for a row that can be read. @throws PredictLabError BadInput if there is none */
async function refuseUnreadable(file: RecordFile, { format, ...read }: RecordsRead & { readonly format: LineFormat }): Promise<void> {
  let rows = 0;
  let reason: string | undefined;
  for await (const records of file.records(read)) {
    for (const record of records) {
      rows++;
      const unreadable = unreadableField(record, format);
      if (unreadable === undefined) return;
      reason ??= `${file.kind === 'parquet' ? 'row' : 'line'} ${record.number}: ${unreadable}`;
    }
  }
  throw badInput(`${file.path}: none of its ${rows} rows can be read; ${reason}`);
}

async function firstRecords(file: RecordFile, read: RecordsRead): Promise<FileRecord[]> {
  const first: FileRecord[] = [];
  for await (const records of file.records(read)) {
    first.push(...records.slice(0, SAMPLE - first.length));
    if (first.length >= SAMPLE) break;
  }
  return first;
}
