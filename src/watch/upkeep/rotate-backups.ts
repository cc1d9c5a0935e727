import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { isWholeBackup } from '../../storage/backup/read-backup.ts';

const BACKUP = /^predictlab-[0-9TZ-]+\.backup$/;

/** The file name of a backup. @param now UTC epoch milliseconds */
export const backupName = (now: number): string => `predictlab-${new Date(now).toISOString().replaceAll(/[:.]/g, '-')}.backup`;

/**
 * Deletes all but the last `keep` whole backups; the one just written always stays. A damaged backup (a failing disk, a truncated copy)
 * does not count; it is deleted when it is older than all that stay.
 *
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
