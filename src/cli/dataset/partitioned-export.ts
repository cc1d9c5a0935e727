import { badInput } from '../../contracts/errors.ts';
import { type DataFile, type Manifest, SCHEMA } from '../../files/dataset/manifest.ts';
import { checkListedFiles, type FolderWriter, openFolder } from '../../files/dataset/write-folder.ts';
import type { TableColumn, TableFormat } from '../../files/write/table.ts';
import { candleMonths } from '../../storage/candles/candles.ts';
import { type Database, onSnapshot, type Transaction } from '../../storage/database/database.ts';
import { keysOf } from '../../storage/markets/instruments.ts';
import { type ExportedInstrument, type StoredUpTo, storedUpTo, type TickMonth, tickDigest, tickMonths } from '../../storage/ticks/ticks.ts';
import { VERSION } from '../../version.ts';
import { type ExportFilter, selectedInstruments } from '../backtest/export-filter.ts';
import { EXPORTS, exportTable } from '../backtest/export-tables.ts';

/** The criteria by which an export can be divided into partitions. */
export const PARTITIONS = ['month', 'venue'] as const;
export type Partition = (typeof PARTITIONS)[number];

/** The tables that can be exported in partitions. */
export const PARTITIONED = ['ticks', 'candles'] as const;
export type Partitioned = (typeof PARTITIONED)[number];

export interface PartitionedExport {
  readonly what: Partitioned;
  readonly folder: string;
  readonly format: TableFormat;
  readonly partitionBy: readonly Partition[];
  readonly filter: ExportFilter;
  /** Whether to continue the export that is already in the folder. */
  readonly sinceLast: boolean;
  readonly safe?: boolean | undefined;
}

/** Names and types of columns, as a manifest states them. */
export const columnTypes = (columns: readonly TableColumn[]): Record<string, string> =>
  Object.fromEntries(columns.map(({ name, type }) => [name, type]));

/**
 * Exports a table into a folder, a file per partition. With `sinceLast`, rows that were stored since the last export become new files,
 * whatever their time; a partition whose earlier rows were corrected or removed is written again.
 * @returns the files that were written
 */
export async function exportPartitions(database: Database, request: PartitionedExport): Promise<readonly DataFile[]> {
  const writer = await openFolder(request.folder, { grow: request.sinceLast });
  try {
    if (writer.before !== undefined) {
      checkSame(writer.before, request);
      await checkListedFiles(request.folder, writer.before);
    }
    return await onSnapshot(database, (transaction) => (request.what === 'ticks' ? ticks : candles)(transaction, writer, request));
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

/** Refuses to continue an export whose table, format, partitions or symbols differ. */
function checkSame(before: Manifest, { what, format, partitionBy, filter, folder }: PartitionedExport): void {
  const wanted = { what, format, 'partition-by': partitionBy.join(), symbol: filter.symbols?.join() ?? 'all' };
  const had = {
    what: before.what,
    format: before.format,
    'partition-by': before.partitionBy.join(),
    symbol: before.symbols?.join() ?? 'all',
  };
  for (const [name, value] of Object.entries(wanted))
    if (had[name as keyof typeof had] !== value)
      throw badInput(
        `${folder} was exported with ${name} ${had[name as keyof typeof had]}, not ${value}; give the same, or name a new folder`,
      );
}

const manifestOf = ({ what, format, partitionBy, filter }: PartitionedExport): Omit<Manifest, 'files'> => ({
  schema: SCHEMA,
  madeBy: `PredictLab ${VERSION}`,
  what,
  format,
  partitionBy: [...partitionBy],
  ...(filter.symbols && { symbols: [...filter.symbols] }),
  tables: { [what]: columnTypes(EXPORTS[what].columns) },
});

/** A partition and the range of its rows. */
export interface TablePart extends Omit<TickMonth, 'month'> {
  readonly folder: string;
  readonly from: number;
  readonly to: number;
}

/** The partitions of months and sources, in the order of their folders. */
export function partsOf(
  months: readonly TickMonth[],
  partitionBy: readonly Partition[],
  { from, to }: Pick<ExportFilter, 'from' | 'to'>,
): readonly TablePart[] {
  const parts = new Map<string, TablePart>();
  for (const one of months) {
    const date = new Date(one.month);
    const end = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1);
    const names = { month: date.toISOString().slice(0, 7), venue: one.source };
    const folder = partitionBy.map((by) => `${by}=${names[by]}`).join('/');
    const range = partitionBy.includes('month')
      ? { from: Math.max(one.month, from ?? -Infinity), to: Math.min(end, to ?? Infinity) }
      : { from: from ?? 0, to: to ?? Number.MAX_SAFE_INTEGER };
    const prunedBefore = Math.max(one.prunedBefore ?? 0, parts.get(folder)?.prunedBefore ?? 0) || null;
    if (range.from < range.to) parts.set(folder, { ...range, folder, source: one.source, prunedBefore });
  }
  return [...parts.values()].sort((a, b) => (a.folder < b.folder ? -1 : 1));
}

async function candles(transaction: Transaction, writer: FolderWriter, request: PartitionedExport): Promise<readonly DataFile[]> {
  const instruments = await selectedInstruments(transaction, request.filter);
  const files: DataFile[] = [];
  for (const part of partsOf(await candleMonths(transaction, keysOf(instruments)), request.partitionBy, request.filter))
    files.push(...(await written(transaction, writer, request, part)));
  await writer.commit({ ...manifestOf(request), files });
  return files;
}

/** Writes the rows of a partition as its next file. */
async function written(
  transaction: Transaction,
  writer: FolderWriter,
  { what, format, partitionBy, filter, safe }: PartitionedExport,
  { folder, from, to, source }: TablePart,
  sinceSeq?: (instrument: ExportedInstrument) => number,
): Promise<readonly DataFile[]> {
  const table = exportTable(what, transaction, {
    ...filter,
    from,
    to,
    sources: partitionBy.includes('venue') ? [source] : undefined,
    byInstrument: true,
    sinceSeq,
  });
  const file = await writer.write(folder, table, { name: what, format, safe });
  return file === undefined ? [] : [file];
}

async function ticks(transaction: Transaction, writer: FolderWriter, request: PartitionedExport): Promise<readonly DataFile[]> {
  const { filter, partitionBy, folder } = request;
  const instruments = await selectedInstruments(transaction, filter);
  const stored = await storedUpTo(transaction, keysOf(instruments));
  const nameOf = ({ symbol, instrument }: Pick<ExportedInstrument, 'symbol' | 'instrument'>): string => `${symbol}\n${instrument}`;
  const last = new Map<string, StoredUpTo>(writer.before?.exported?.map((one) => [nameOf(one), one]));
  for (const one of instruments)
    if ((last.get(nameOf(one))?.nextSeq ?? 0) > (stored.get(one.key)?.nextSeq ?? 0))
      throw badInput(
        `${folder} has rows of ${one.instrument} that this database never had; it belongs to another database, so name a new folder`,
      );
  const lastSeq = (one: ExportedInstrument): number => last.get(nameOf(one))?.nextSeq ?? 0;
  const storedSeq = (one: ExportedInstrument): number => stored.get(one.key)?.nextSeq ?? 0;
  const months = await tickMonths(transaction, instruments, (one) => last.get(nameOf(one))?.version ?? -1);
  const digests: Record<string, string> = { ...writer.before?.digests };
  let files = [...(writer.before?.files ?? [])];
  const added: DataFile[] = [];
  for (const part of partsOf(months, partitionBy, filter)) {
    const members = instruments.filter(({ source }) => !partitionBy.includes('venue') || source === part.source);
    const digest = (belowSeq: typeof lastSeq) => tickDigest(transaction, members, { ...part, belowSeq });
    const known = digests[part.folder];
    const { prunedBefore } = part;
    const isSame = known === undefined || prunedBefore !== null || (await digest(lastSeq)) === known;
    if (!isSame) files = files.filter(({ path }) => !path.startsWith(`${part.folder}/`));
    const sinceSeq = isSame && known !== undefined ? lastSeq : undefined;
    // pruned ticks stay in the folder, so ticks of that time that were collected again are not added
    const from = known === undefined ? part.from : Math.max(part.from, prunedBefore ?? part.from);
    const more = await written(transaction, writer, request, { ...part, from }, sinceSeq);
    files.push(...more);
    added.push(...more);
    digests[part.folder] = await digest(storedSeq);
  }
  const exported = instruments.map((one) => ({
    symbol: one.symbol,
    instrument: one.instrument,
    nextSeq: storedSeq(one),
    version: stored.get(one.key)?.version ?? 0,
  }));
  await writer.commit({ ...manifestOf(request), files, exported, digests });
  return added;
}
