import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { PRUNABLE, type Prunable } from '../../storage/backup/prune.ts';
import { isWholeBackup } from '../../storage/backup/read-backup.ts';
import type { Queryable } from '../../storage/database/database.ts';
import { noted, saveWatchState } from '../../storage/watch/watch-state.ts';

/** Prunable data in the home folder, not in the database. */
export const PRUNABLE_FILES = ['reports', 'logs'] as const;
export type PrunableFiles = (typeof PRUNABLE_FILES)[number];

export interface UpkeepSettings {
  /** Age from which on each kind of data is pruned; milliseconds. */
  readonly ages: Readonly<Partial<Record<Prunable | PrunableFiles, number>>>;
  /** How many of the last runs of each symbol keep their pages. */
  readonly keep: number;
  /** Where a backup is written each day, and how many are kept. @default none */
  readonly backup?: { readonly folder: string; readonly rotate: number };
}

const NAME = 'upkeep/settings';

/** The stored settings; undefined where none are set. */
export async function upkeepSettings(queryable: Queryable): Promise<UpkeepSettings | undefined> {
  return (await noted<{ settings: UpkeepSettings & null }>(queryable, NAME))?.settings ?? undefined;
}

/** Stores the settings. @param settings null ends the upkeep */
export async function setUpkeep(queryable: Queryable, settings: UpkeepSettings | null): Promise<void> {
  await saveWatchState(queryable, NAME, { settings: settings as never });
}

/** All prunable kinds of data, in the order of the commands. */
export const AGED = [...PRUNABLE, ...PRUNABLE_FILES] as const;

const BACKUP = /^predictlab-[0-9TZ-]+\.backup$/;

/** The file name of a backup. @param now UTC epoch milliseconds */
export const backupName = (now: number): string => `predictlab-${new Date(now).toISOString().replaceAll(/[:.]/g, '-')}.backup`;

/**
 * Deletes all but the last `keep` whole backups; the one just written stays. Damaged backups do not count, and go once older than all
 * that stay.
 * @returns how many were deleted, and the names of the damaged ones that stay
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
