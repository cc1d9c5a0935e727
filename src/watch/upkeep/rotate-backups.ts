import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { isWholeBackup } from '../../storage/backup/read-backup.ts';

const BACKUP = /^predictlab-[0-9TZ-]+\.backup$/;

/** @param now UTC epoch milliseconds */
export const backupName = (now: number): string => `predictlab-${new Date(now).toISOString().replaceAll(/[:.]/g, '-')}.backup`;

/**
 * The last so many whole backups stay, the one that was just written among them, whatever the clocks say. What is not whole (a disk that
 * rots, a copy that was cut off) is not counted; it goes when it is older than all that stay.
 *
 * @returns how many went, and the names of those that stay uncounted
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
