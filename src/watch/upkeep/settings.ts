import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { PRUNABLE, type Prunable } from '../../storage/backup/prune.ts';
import { isWholeBackup } from '../../storage/backup/read-backup.ts';
import type { Queryable } from '../../storage/database/database.ts';
import { readWatchState, saveWatchState } from '../../storage/watch/watch-state.ts';

/** Kinds of data in the home folder that can be pruned; those of the database are in PRUNABLE. */
export const PRUNABLE_FILES = ['reports', 'logs'] as const;
export type PrunableFiles = (typeof PRUNABLE_FILES)[number];

export interface UpkeepSettings {
  /** Age in milliseconds from which each kind of data is pruned; a kind without an age is kept. */
  readonly ages: Readonly<Partial<Record<Prunable | PrunableFiles, number>>>;
  /** Number of each symbol's last runs that keep their report pages. */
  readonly keep: number;
  /** Where a backup is written each day, and how many are kept. @default none */
  readonly backup?: { readonly folder: string; readonly rotate: number };
}

const NAME = 'upkeep/settings';

/** The stored settings of the upkeep; undefined if none are set. */
export async function upkeepSettings(queryable: Queryable): Promise<UpkeepSettings | undefined> {
  return (await readWatchState<{ settings: UpkeepSettings & null }>(queryable, NAME))?.settings ?? undefined;
}

/** Stores the settings of the upkeep. @param settings null turns the upkeep off */
export async function setUpkeep(queryable: Queryable, settings: UpkeepSettings | null): Promise<void> {
  await saveWatchState(queryable, NAME, { settings: settings as never });
}

/** All kinds of data that can be pruned, in the order in which commands list them. */
export const PRUNABLE_KINDS = [...PRUNABLE, ...PRUNABLE_FILES] as const;

const BACKUP = /^predictlab-[0-9TZ-]+\.backup$/;

/** The file name of a backup. @param now UTC epoch milliseconds */
export const backupName = (now: number): string => `predictlab-${new Date(now).toISOString().replaceAll(/[:.]/g, '-')}.backup`;

/**
 * Deletes old backups and keeps the last `keep` undamaged ones, including the one just written. Damaged backups do not count; they are
 * deleted when they are older than all kept ones.
 * @returns the number of deleted backups, and the names of damaged ones that were kept
 */
export async function rotateBackups(
  folder: string,
  { written, keep }: { written: string; keep: number },
): Promise<{ removed: number; damaged: readonly string[] }> {
  const others = (await readdir(folder)).filter((name) => BACKUP.test(name) && name !== path.basename(written)).sort();
  const damaged: string[] = [];
  let kept = 1;
  while (kept < keep) {
    const name = others.pop();
    if (name === undefined) break;
    if (await isWholeBackup(path.join(folder, name))) kept++;
    else damaged.push(name);
  }
  for (const name of others) await rm(path.join(folder, name));
  return { removed: others.length, damaged };
}
