import { PRUNABLE, type Prunable } from '../../storage/backup/prune.ts';
import type { Queryable } from '../../storage/database/database.ts';
import { noted, noteForNextLook } from '../../storage/watch/watch-state.ts';

/** What lies in the home folder, not in the database. */
export const PRUNABLE_FILES = ['reports', 'logs'] as const;
export type PrunableFiles = (typeof PRUNABLE_FILES)[number];

/** What the workers do once a day by themselves. */
export interface UpkeepSettings {
  /** What is pruned, by age; milliseconds. */
  readonly ages: Readonly<Partial<Record<Prunable | PrunableFiles, number>>>;
  /** So many of the last runs of each symbol keep their pages. */
  readonly keep: number;
  /** Where a backup is written each day, and how many are kept. @default none */
  readonly backup?: { readonly folder: string; readonly rotate: number };
}

const NAME = 'upkeep/settings';

/** @returns undefined where nobody has set any */
export async function upkeepSettings(queryable: Queryable): Promise<UpkeepSettings | undefined> {
  return (await noted<{ settings: UpkeepSettings & null }>(queryable, NAME))?.settings ?? undefined;
}

/** @param settings null: nothing is done by itself any more */
export async function setUpkeep(queryable: Queryable, settings: UpkeepSettings | null): Promise<void> {
  await noteForNextLook(queryable, NAME, { settings: settings as never });
}

/** Everything that has an age, in the order of the commands. */
export const AGED = [...PRUNABLE, ...PRUNABLE_FILES] as const;
