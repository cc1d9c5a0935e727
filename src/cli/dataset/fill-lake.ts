import { readManifest } from '../../files/dataset/manifest.ts';
import type { KeptTicks } from '../../storage/backup/prune.ts';
import type { Database } from '../../storage/database/database.ts';
import { EVERYTHING } from '../backtest/export-filter.ts';
import { exportPartitions, PARTITIONS } from './partitioned-export.ts';

/**
 * Brings a lake up to date: a folder with all ticks by month and venue. What a killed call left is removed by the next one.
 * @returns which ticks the lake has, so that `prune` deletes no other ones
 */
export async function fillLake(database: Database, folder: string): Promise<KeptTicks> {
  const all = { what: 'ticks', format: 'parquet', partitionBy: PARTITIONS, filter: EVERYTHING } as const;
  await exportPartitions(database, { ...all, folder, sinceLast: true });
  const manifest = await readManifest(folder);
  return { folder, versions: new Map(manifest?.exported?.map(({ instrument, version }) => [instrument, version])) };
}
