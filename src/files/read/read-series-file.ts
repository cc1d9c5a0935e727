import type { CandleSeries } from '../../backtest/engine/candle-series.ts';
import type { ReturnSeries } from '../../backtest/metrics/return-metrics.ts';
import { badInput, type PredictLabError } from '../../contracts/errors.ts';
import { nearestName } from '../../contracts/text/nearest-name.ts';
import { type NumberField, type NumberNotation, notationOf, parseNumber } from '../parse/parse-number.ts';
import { dateOrderOf, parseTime, timeUnitOf } from '../parse/parse-time.ts';
import { delimiterOf, splitFields } from '../parse/split-fields.ts';
import { readLines, refuseBinary } from './read-lines.ts';
import { MARKET_NAMES, OUTCOME_IDS } from './tick-format.ts';

interface SeriesFile<Name extends string> {
  readonly path: string;
  readonly length: number;
  /** The values of each column, times in UTC epoch milliseconds; NaN where a field is empty or not a valid number or time. */
  readonly columns: Readonly<Record<Name, Float64Array>>;
  /** Line number of each row, from 1; the header is line 1. */
  readonly lines: readonly number[];
}

/**
 * Reads the named columns of a CSV (plain or gzip) with a header into memory, as numbers; the caller checks the values. Skips blank
 * lines.
 * @param wanted the columns by name: `time` for times, `number`, or `optional` for numbers that are all NaN when the column is missing
 * @param single matches the names of columns that must have the same value in all rows, because a file holds one series
 * @throws PredictLabError BadInput when the file cannot be read, has no rows, lacks a column, holds several series, or a line is not
 * complete
 */
async function readSeriesFile<Name extends string>(
  path: string,
  wanted: Readonly<Record<Name, 'time' | 'number' | 'optional'>>,
  single: readonly RegExp[] = [],
): Promise<SeriesFile<Name>> {
  const names = Object.keys(wanted) as Name[];
  const header = names.filter((name) => wanted[name] !== 'optional').join(',');
  const rows: string[][] = [];
  const lines: number[] = [];
  const labels: { readonly name: string; readonly place: number; value: string | undefined }[] = [];
  let places: number[] | undefined;
  let delimiter = ',';
  let width = 0;
  let line = 0;
  for await (const batch of readLines(path)) {
    for (const text of batch) {
      line++;
      if (text.trim() === '') continue;
      if (places === undefined) {
        refuseBinary(path, text);
        delimiter = delimiterOf(text);
        const header = splitFields(text, delimiter) ?? [];
        width = header.length;
        places = placesOf({ path, names, wanted, header });
        for (const [place, name] of header.entries())
          if (single.some((names) => names.test(name.trim()))) labels.push({ name: name.trim(), place, value: undefined });
        continue;
      }
      const fields = splitFields(text, delimiter);
      if (fields === null) throw badInput(`${path}, line ${line}: a quote is not closed; fix the line`);
      if (fields.slice(width).some((field) => field.trim() !== '')) {
        throw badInput(
          `${path}, line ${line}: ${fields.length} fields under a header of ${width}; fix the line, or separate fields by semicolons where numbers have decimal commas`,
        );
      }
      for (const label of labels) {
        const value = (fields[label.place] ?? '').trim();
        if (label.value !== undefined && value !== label.value)
          throw severalSeries(path, line, { ...label, value: label.value, other: value });
        label.value = value;
      }
      rows.push(places.map((place) => fields[place] ?? ''));
      lines.push(line);
    }
  }
  if (places === undefined) throw badInput(`${path} is empty; it needs a header line ${header} and a line for each row`);
  if (rows.length === 0) throw badInput(`${path} has a header but no rows; add a line for each row`);
  const notation = notationOf(
    path,
    delimiter,
    numberFields(rows, lines, (at) => wanted[names[at]] !== 'time'),
  );
  const columns = {} as Record<Name, Float64Array>;
  for (const [at, name] of names.entries())
    columns[name] = wanted[name] === 'time' ? timesOf(path, rows, at) : numbersOf(rows, at, notation);
  return { path, length: rows.length, columns, lines };
}

const severalSeries = (
  path: string,
  line: number,
  { name, value, other }: { readonly name: string; readonly value: string; readonly other: string },
): PredictLabError =>
  badInput(
    `${path}, line ${line}: ${name} is ${other || 'empty'}, and ${value || 'empty'} in the lines before: a file holds one series of candles; write one file per ${name} (\`predictlab export candles\` takes --instrument, --interval and --price-type)`,
  );

function placesOf<Name extends string>(table: {
  path: string;
  names: readonly Name[];
  wanted: Readonly<Record<Name, 'time' | 'number' | 'optional'>>;
  header: readonly string[];
}): number[] {
  const { path, names, wanted } = table;
  const header = table.header.map((name) => name.trim().toLowerCase());
  const missing = names.filter((name) => wanted[name] !== 'optional' && !header.includes(name));
  if (missing.length > 0) {
    const has = header.length === 0 ? 'none' : table.header.join(', ');
    const near = header.find((name) => name.includes(missing[0])) ?? nearestName(missing[0], header);
    const hint = near === undefined ? '' : ` (rename ${near}?)`;
    throw badInput(
      `${path}, line 1: the column${missing.length > 1 ? 's' : ''} ${missing.join(', ')} ${missing.length > 1 ? 'are' : 'is'} missing${hint}; the header has: ${has}`,
    );
  }
  return names.map((name) => header.indexOf(name));
}

function* numberFields(
  rows: readonly (readonly string[])[],
  lines: readonly number[],
  isNumber: (at: number) => boolean,
): Generator<NumberField> {
  for (const [index, fields] of rows.entries()) {
    for (const [at, text] of fields.entries()) if (isNumber(at)) yield { text, line: lines[index] };
  }
}

function timesOf(path: string, rows: readonly (readonly string[])[], at: number): Float64Array {
  const order = dateOrderOf(rows.map((fields) => fields[at]));
  if (order === 'unknown')
    throw badInput(
      `${path}: dates such as ${rows[0][at].trim()} may have the day or the month first, and no date decides; ` +
        'write ISO 8601 dates such as 2026-11-24',
    );
  const unit = timeUnitOf(rows.slice(0, 200).map((fields) => fields[at]));
  return Float64Array.from(rows, (fields) => parseTime(fields[at], unit, order === 'none' ? undefined : order) ?? Number.NaN);
}

const numbersOf = (rows: readonly (readonly string[])[], at: number, notation: NumberNotation): Float64Array =>
  Float64Array.from(rows, (fields) => parseNumber(fields[at], notation) ?? Number.NaN);

interface CandleFile {
  readonly candles: CandleSeries;
  /** Where a bar stands in the file, for error messages: `candles.csv, line 12`. */
  readonly whereOf: (bar: number) => string;
}

/**
 * Reads `open_time,open,high,low,close,volume`; volume may be missing or empty, other columns are ignored. Does not check prices and
 * times.
 * @throws PredictLabError BadInput when the file cannot be read, is empty, lacks a column, or has a broken volume
 */
export async function readCandleFile(path: string): Promise<CandleFile> {
  const file = await readSeriesFile(
    path,
    {
      open_time: 'time',
      open: 'number',
      high: 'number',
      low: 'number',
      close: 'number',
      volume: 'optional',
    },
    [MARKET_NAMES, OUTCOME_IDS, /^(price_type|interval|outcome)$/i],
  );
  const { open_time: openTime, ...columns } = file.columns;
  const whereOf = (bar: number): string => `${path}, line ${file.lines[bar]}`;
  const negative = columns.volume.findIndex((volume) => volume < 0);
  if (negative >= 0) throw badInput(`${whereOf(negative)}: volume is negative; fix or remove the bar`);
  return { candles: { length: file.length, openTime, ...columns }, whereOf };
}

/** Reads `time,return`, oldest first; only the first return may be empty or NaN. @throws PredictLabError BadInput that names the line */
export async function readReturnFile(path: string): Promise<ReturnSeries> {
  const { columns, lines, length } = await readSeriesFile(path, { time: 'time', return: 'number' });
  const { time, return: returns } = columns;
  for (let i = 0; i < length; i++) {
    const where = `${path}, line ${lines[i]}`;
    if (!Number.isFinite(time[i])) throw bad(`${where}: time is not a time; give ISO 8601 in UTC`);
    if (i > 0 && time[i] === time[i - 1]) throw bad(`${where}: time repeats the row before; keep one row for each time`);
    if (i > 0 && time[i] < time[i - 1]) throw bad(`${where}: time is earlier than the row before; sort the rows by time`);
    if (!Number.isFinite(returns[i]) && (i > 0 || returns[i] === Infinity))
      throw bad(`${where}: return is not a number; give a fraction such as 0.01, or remove the row`);
    if (returns[i] < -1) throw bad(`${where}: return ${returns[i]} is below -1, a loss of everything; returns are fractions, 0.01 is 1%`);
  }
  if (length < 2 && Number.isNaN(returns[0])) throw bad(`${path} has no return; add a row for each period`);
  return { time, returns };
}

/** Reads `probability,outcome`: forecasts in [0, 1] and outcomes 0 or 1. @throws PredictLabError BadInput that names the line */
export async function readForecastFile(path: string): Promise<{ readonly probability: Float64Array; readonly outcome: Float64Array }> {
  const { columns, lines, length } = await readSeriesFile(path, { probability: 'number', outcome: 'number' });
  const { probability, outcome } = columns;
  for (let i = 0; i < length; i++) {
    const where = `${path}, line ${lines[i]}`;
    if (!(probability[i] >= 0 && probability[i] <= 1)) throw bad(`${where}: probability must be a number from 0 to 1`);
    if (outcome[i] !== 0 && outcome[i] !== 1) throw bad(`${where}: outcome must be 0 or 1`);
  }
  return { probability, outcome };
}

const bad = (message: string): PredictLabError => badInput(message);
