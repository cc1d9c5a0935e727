import { open } from 'node:fs/promises';
import { badInput } from '../../contracts/errors.ts';
import { openDuckDb, sqlName, sqlText, unreadableByDuckDb } from '../duckdb.ts';
import { delimiterOf, splitFields } from '../parse/split-fields.ts';
import type { FileRecord } from '../parse/tick-line.ts';
import { readLines, refuseBinary } from './read-lines.ts';

/** A file of records whose column names are known: CSV or NDJSON (both also as gzip), or Parquet. */
export interface RecordFile {
  readonly path: string;
  readonly kind: 'csv' | 'ndjson' | 'parquet';
  /** Names of the columns, without surrounding blanks. */
  readonly names: readonly string[];
  /** Separates the fields of a CSV; empty for other files. */
  readonly delimiter: string;
  /** SQL expressions that read the columns of a Parquet file as texts; undefined for other files. */
  readonly texts?: readonly string[];
  /** The fields of a line, null where it cannot be split into fields. Always null for Parquet. */
  fieldsOf(line: string): readonly string[] | null;
  /** The rows in file order, without blank lines. @param options.columns indices of the columns to read from Parquet; others are empty */
  records(options?: { readonly signal?: AbortSignal | undefined; readonly columns?: readonly number[] }): AsyncGenerator<FileRecord[]>;
}

/** Number of lines at the start of an NDJSON file from which the names of its columns are collected. */
const SAMPLE = 200;

/**
 * Opens a file of records; its first bytes decide which kind it is.
 * @throws PredictLabError BadInput when the file cannot be read, is empty or is of another kind
 */
export async function openRecords(path: string, signal?: AbortSignal): Promise<RecordFile> {
  if (await isParquet(path)) return await openParquet(path);
  const [header, ...first] = await firstLines(path, SAMPLE + 1, signal);
  if (header === undefined) throw badInput(`${path} is empty; it needs a header line such as time,price,size and a line for each tick`);
  if (/^\s*\{.*\}\s*$/.test(header)) return openNdjson(path, [header, ...first]);
  refuseBinary(path, header);
  const delimiter = delimiterOf(header);
  const names = splitFields(header, delimiter)?.map((name) => name.trim());
  if (names === undefined) throw badInput(`${path}: a quote in its header is not closed; fix line 1`);
  const fieldsOf = (line: string) => splitFields(line, delimiter);
  return {
    path,
    kind: 'csv',
    names,
    delimiter,
    fieldsOf,
    records: ({ signal } = {}) => linesAsRecords(path, { fieldsOf, hasHeader: true, signal }),
  };
}

function openNdjson(path: string, sample: readonly string[]): RecordFile {
  const names = [...new Set(sample.flatMap((line) => Object.keys(objectIn(line) ?? {})))];
  const fieldsOf = (line: string): readonly string[] | null => {
    const object = objectIn(line);
    return object && names.map((name) => textOf(Object.hasOwn(object, name) ? object[name] : null));
  };
  const columns = names.map((name) => name.trim());
  return {
    path,
    kind: 'ndjson',
    names: columns,
    delimiter: '',
    fieldsOf,
    records: ({ signal } = {}) => linesAsRecords(path, { fieldsOf, hasHeader: false, signal }),
  };
}

/** Matches whole numbers in JSON that a double cannot hold exactly, such as some trade ids. */
const LONG_NUMBER = /([:,[]\s*)(-?\d{16,})(?=\s*[,}\]])/g;

/** The object in a line of NDJSON; null if the line holds anything else. */
function objectIn(line: string): Readonly<Record<string, unknown>> | null {
  const parse = (text: string): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      return undefined;
    }
  };
  const value = (/\d{16}/.test(line) ? parse(line.replaceAll(LONG_NUMBER, '$1"$2"')) : undefined) ?? parse(line);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
}

const textOf = (value: unknown): string => {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
};

async function* linesAsRecords(
  path: string,
  { fieldsOf, hasHeader, signal }: { fieldsOf: RecordFile['fieldsOf']; hasHeader: boolean; signal: AbortSignal | undefined },
): AsyncGenerator<FileRecord[]> {
  let number = 0;
  let isHeader = hasHeader;
  for await (const lines of readLines(path, signal)) {
    const records: FileRecord[] = [];
    for (const raw of lines) {
      number++;
      if (raw.trim() === '') continue;
      if (!isHeader) records.push({ number, raw, fields: fieldsOf(raw) });
      isHeader = false;
    }
    yield records;
  }
}

async function firstLines(path: string, count: number, signal: AbortSignal | undefined): Promise<string[]> {
  const lines: string[] = [];
  for await (const chunk of readLines(path, signal)) {
    for (const line of chunk) if (line.trim() !== '') lines.push(line);
    if (lines.length >= count) break;
  }
  return lines.slice(0, count);
}

const PARQUET = Buffer.from('PAR1');

async function isParquet(path: string): Promise<boolean> {
  // if the file cannot be opened, the function that reads its lines reports the error
  const file = await open(path).catch(() => undefined);
  try {
    const { buffer } = (await file?.read(Buffer.alloc(4), 0, 4, 0).catch(() => undefined)) ?? {};
    return buffer !== undefined && PARQUET.equals(buffer);
  } finally {
    await file?.close();
  }
}

async function openParquet(path: string): Promise<RecordFile> {
  const names: string[] = [];
  const texts: string[] = [];
  for await (const [column, types] of parquetChunks(path, `describe select * from read_parquet(${sqlText(path)})`)) {
    names.push(...column);
    texts.push(...column.map((name, i) => parquetText(name, types[i])));
  }
  return {
    path,
    kind: 'parquet',
    names: names.map((name) => name.trim()),
    delimiter: '',
    texts,
    fieldsOf: () => null,
    async *records({ signal, columns = names.map((_, place) => place) } = {}) {
      const wanted = columns.map((place) => texts[place]).join(', ');
      let number = 0;
      for await (const chunk of parquetChunks(path, `select ${wanted} from read_parquet(${sqlText(path)})`)) {
        signal?.throwIfAborted();
        yield chunk[0].map((_, row) => parquetRecord(++number, names, columns, (at) => chunk[at][row]));
      }
    },
  };
}

/** SQL expression that reads a column as text; lists, structs and maps become JSON. */
const parquetText = (name: string, type: string): string =>
  /\[\d*\]$|^(STRUCT|MAP)/.test(type) ? `to_json(${sqlName(name)})::varchar` : `${sqlName(name)}::varchar`;

/** Builds a record from a row of a Parquet file. @param valueAt the text in the column with this index in `columns` */
export function parquetRecord(
  number: number,
  names: readonly string[],
  columns: readonly number[],
  valueAt: (at: number) => string | null,
): FileRecord {
  const fields = names.map(() => '');
  const row: Record<string, string | null> = {};
  for (const [at, place] of columns.entries()) {
    const value = valueAt(at);
    row[names[place]] = value;
    fields[place] = value ?? '';
  }
  return { number, raw: JSON.stringify(row), fields };
}

/** Runs a query on a Parquet file, and yields chunks of columns of texts. @throws PredictLabError BadInput when the file is damaged */
async function* parquetChunks(path: string, sql: string): AsyncGenerator<readonly (readonly string[])[]> {
  const duckDb = await openDuckDb();
  try {
    for await (const columns of duckDb.chunks(sql)) yield columns as readonly (readonly string[])[];
  } catch (error) {
    throw unreadableByDuckDb(path, error);
  } finally {
    await duckDb.close();
  }
}
