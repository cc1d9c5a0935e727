import { PRUNABLE, type Prunable } from '../../storage/backup/prune.ts';
import type { Queryable } from '../../storage/database/database.ts';
import { noted, saveWatchState } from '../../storage/watch/watch-state.ts';

/** Prunable data in the home folder, not in the database. */
export const PRUNABLE_FILES = ['reports', 'logs'] as const;
export type PrunableFiles = (typeof PRUNABLE_FILES)[number];

/** Settings of the workers' daily upkeep. */
export interface UpkeepSettings {
  /** Age from which on each kind of data is pruned; milliseconds. */
  readonly ages: Readonly<Partial<Record<Prunable | PrunableFiles, number>>>;
  /** How many of the last runs of each symbol keep their pages. */
  readonly keep: number;
  /** Where a backup is written each day, and how many are kept. @default none */
  readonly backup?: { readonly folder: string; readonly rotate: number };
}

const NAME = 'upkeep/settings';

/** The settings. @returns undefined where none are set */
export async function upkeepSettings(queryable: Queryable): Promise<UpkeepSettings | undefined> {
  return (await noted<{ settings: UpkeepSettings & null }>(queryable, NAME))?.settings ?? undefined;
}

/** Stores the settings. @param settings null ends the upkeep */
export async function setUpkeep(queryable: Queryable, settings: UpkeepSettings | null): Promise<void> {
  await saveWatchState(queryable, NAME, { settings: settings as never });
}

/** All prunable kinds of data, in the order of the commands. */
export const AGED = [...PRUNABLE, ...PRUNABLE_FILES] as const;
