import type { TickColumnNames } from '../../contracts/catalogue.ts';
import { badInput } from '../../contracts/errors.ts';
import { nearestName } from '../../contracts/text/nearest-name.ts';
import { notationOf, parsePrice } from '../parse/parse-number.ts';
import { type DateOrder, dateOrderOf, timeUnitOf } from '../parse/parse-time.ts';
import { delimiterOf, splitFields } from '../parse/split-fields.ts';
import { findTickColumns, type LineFormat, type MarketColumn, type OnlyMarket, unreadableField } from '../parse/tick-line.ts';
import { readLines, refuseBinary } from './read-lines.ts';

const SAMPLE = 200;
/** Header names of columns that name a market. */
const MARKET_NAMES =
  /^(symbol|instrument|market|market_?(id|slug|name|title)|condition_?id|contract|contract_?(id|name)|ticker|slug|question|event|event_?(id|slug|name|title|ticker))$/i;
/** Columns that differ between the outcomes of one market; they name markets where no column names the outcome. */
const OUTCOME_IDS = /^(asset|token)_?id$/i;

export interface FormatOptions {
  readonly columns?: Partial<TickColumnNames>;
  /** Whether 03/04/2026 is the 3rd of April or March 4. @default decided by a day above 12 in the file; a file without one is refused */
  readonly dateOrder?: DateOrder;
  /** Whether prices without a sign are in cents. @default false */
  readonly inCents?: boolean;
  /** Reads only the lines of one market. @default all; a file with several is refused */
  readonly only?: Omit<OnlyMarket, 'column'>;
  readonly signal?: AbortSignal;
}

interface TickFormat {
  readonly format: LineFormat;
  readonly isEmpty: boolean;
  /** Whether `export ticks` wrote the file: its prices are those of the first outcome already. */
  readonly isOwnExport: boolean;
  readonly prices: readonly number[];
  readonly outcomes: readonly string[];
}

/**
 * Recognises the format of a tick file from its header and first lines.
 * @throws PredictLabError BadInput when the file is empty, lacks a column, or none of its lines can be read
 */
export async function tickFormatOf(path: string, options: FormatOptions): Promise<TickFormat> {
  const [header, ...first] = await firstLines(path, SAMPLE + 1, options.signal);
  if (header === undefined) throw badInput(`${path} is empty; it needs a header line such as time,price,size and a line for each tick`);
  refuseBinary(path, header);
  const delimiter = delimiterOf(header);
  const names = splitFields(header, delimiter)?.map((name) => name.trim());
  if (names === undefined) throw badInput(`${path}: a quote in its header is not closed; fix line 1`);
  const columns = findTickColumns(path, names, options.columns);
  const lines = first.map((line) => splitFields(line, delimiter));
  const sample = lines.filter((fields): fields is string[] => fields !== null && fields.length >= columns.width);
  const numbers = lines.flatMap((fields, index) =>
    fields === null || fields.length < columns.width
      ? []
      : [columns.price, columns.size].flatMap((column) =>
          column < 0 ? [] : [{ text: fields[column].replaceAll(/[$€£¢%\s]/g, ''), line: index + 2 }],
        ),
  );
  const times = sample.map((fields) => fields[columns.time]);
  const roles: ReadonlySet<number> = new Set(Object.entries(columns).flatMap(([role, column]) => (role === 'width' ? [] : [column])));
  const markets = names.flatMap((name, column): MarketColumn[] =>
    !roles.has(column) && (MARKET_NAMES.test(name) || (columns.outcome < 0 && OUTCOME_IDS.test(name))) ? [{ name, column }] : [],
  );
  const format: LineFormat = {
    delimiter,
    columns,
    timeUnit: timeUnitOf(times),
    notation: notationOf(path, delimiter, numbers),
    dateOrder: options.dateOrder ?? (await knownOrder(path, { times, delimiter, column: columns.time, signal: options.signal })),
    ...(options.inCents && { inCents: true }),
    markets: options.only === undefined ? markets : markets.filter(({ name }) => name !== options.only?.name),
    ...(options.only && { only: { ...options.only, column: columnOf(path, names, options.only.name) } }),
  };
  if (first.length > 0 && first.every((line) => unreadableField(line, format) !== undefined))
    await refuseUnreadable(path, format, options.signal);
  return {
    format,
    isEmpty: first.length === 0,
    isOwnExport: ['symbol', 'source', 'instrument', 'kind'].every((name, i) => names[i] === name),
    prices: sample.map((fields) => parsePrice(fields[columns.price], format.notation, format.inCents) ?? Number.NaN),
    outcomes: columns.outcome < 0 ? [] : sample.map((fields) => fields[columns.outcome].trim()).filter((name) => name !== ''),
  };
}

/**
 * The values of a column, in the order in which they appear.
 * @throws PredictLabError BadInput when the file has no such column, or more than 10,000 values in it
 */
export async function valuesOf(path: string, name: string, signal?: AbortSignal): Promise<readonly string[]> {
  const values = new Set<string>();
  let header: { readonly delimiter: string; readonly column: number } | undefined;
  for await (const lines of readLines(path, signal)) {
    for (const line of lines) {
      if (line.trim() === '') continue;
      if (header === undefined) {
        const delimiter = delimiterOf(line);
        header = { delimiter, column: columnOf(path, splitFields(line, delimiter) ?? [], name) };
        continue;
      }
      const value = splitFields(line, header.delimiter)?.[header.column]?.trim() ?? '';
      if (value !== '') values.add(value);
    }
    if (values.size > 10_000) throw badInput(`${path}: the column ${name} has more than 10,000 values; name the column of the market`);
  }
  return [...values];
}

function columnOf(path: string, header: readonly string[], name: string): number {
  const names = header.map((one) => one.trim());
  const column = names.findIndex((one) => one.toLowerCase() === name.toLowerCase());
  if (column >= 0) return column;
  const near = nearestName(name, names);
  throw badInput(
    `${path} has no column ${name}; its columns are: ${names.join(', ')}${near === undefined ? '' : `; did you mean ${near}?`}`,
  );
}

/** The order of day and month. Where the first lines do not decide it, the whole file is read for a line that does. */
async function knownOrder(
  path: string,
  { times, delimiter, column, signal }: { times: readonly string[]; delimiter: string; column: number; signal: AbortSignal | undefined },
): Promise<DateOrder | undefined> {
  const order = dateOrderOf(times);
  if (order === 'none') return undefined;
  if (order !== 'unknown') return order;
  for await (const lines of readLines(path, signal)) {
    const found = dateOrderOf(lines.map((line) => splitFields(line, delimiter)?.[column] ?? ''));
    if (found === 'dmy' || found === 'mdy') return found;
  }
  const example = times.find((time) => dateOrderOf([time]) === 'unknown') ?? '';
  throw badInput(
    `${path}: the date ${example.trim()} may have the day or the month first, and no date in the file decides; write ISO 8601 dates such as 2026-11-24, or say --date-order dmy (day first) or mdy`,
  );
}

/** @throws PredictLabError BadInput unless a line can be read */
async function refuseUnreadable(path: string, format: LineFormat, signal: AbortSignal | undefined): Promise<void> {
  let number = 0;
  let rows = 0;
  let reason: string | undefined;
  for await (const lines of readLines(path, signal)) {
    for (const line of lines) {
      number++;
      if (line.trim() === '' || number === 1) continue;
      rows++;
      const unreadable = unreadableField(line, format);
      if (unreadable === undefined) return;
      reason ??= `line ${number}: ${unreadable}`;
    }
  }
  throw badInput(`${path}: none of its ${rows} rows can be read; ${reason}`);
}

async function firstLines(path: string, count: number, signal: AbortSignal | undefined): Promise<string[]> {
  const lines: string[] = [];
  for await (const chunk of readLines(path, signal)) {
    for (const line of chunk) if (line.trim() !== '') lines.push(line);
    if (lines.length >= count) break;
  }
  return lines.slice(0, count);
}
