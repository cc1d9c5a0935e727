import path from 'node:path';
import { badInput, fileTrouble, messageOf } from '../../contracts/errors.ts';
import { makeFolder } from '../../processes/home-folder.ts';
import { writeBackup } from '../../storage/backup/backup.ts';
import { PRUNABLE, type PruneBefore, prune } from '../../storage/backup/prune.ts';
import type { Database } from '../../storage/database/database.ts';
import { verifyData } from '../../storage/verify/verify.ts';
import { pruneLogs, pruneReports } from './prune-files.ts';
import { restoreElsewhere } from './restore-elsewhere.ts';
import { backupName, rotateBackups, type UpkeepSettings } from './settings.ts';

export interface JobEnd {
  readonly job: 'prune' | 'backup' | 'restore' | 'data';
  readonly ok: boolean;
  /** One sentence: what the job did, or why it failed. */
  readonly said: string;
}

export interface UpkeepRequest {
  readonly database: Database;
  /** The home folder (`PREDICTLAB_HOME`). */
  readonly home: string;
  readonly settings: UpkeepSettings;
  /** UTC epoch milliseconds. */
  readonly now: number;
  /** Whether to restore the backup into a temporary database on the same server, as a test. */
  readonly tryRestore: boolean;
}

/** Number of candle series that are rebuilt from their ticks each time. */
const SAMPLE = 20;

/** Runs the jobs of the upkeep one after another. A job that fails does not stop the others. */
export async function runUpkeep({ database, home, settings, now, tryRestore }: UpkeepRequest): Promise<readonly JobEnd[]> {
  const { ages, keep, backup } = settings;
  const ends: JobEnd[] = [];
  const job = async (name: JobEnd['job'], work: () => Promise<string>): Promise<void> => {
    try {
      ends.push({ job: name, ok: true, said: await work() });
    } catch (error) {
      ends.push({ job: name, ok: false, said: messageOf(error) });
    }
  };
  let written: string | undefined;
  if (backup !== undefined) {
    await job('backup', async () => {
      written = path.join(backup.folder, backupName(now));
      await makeFolder(backup.folder).catch((error: unknown) => {
        throw badInput(`the folder ${backup.folder} cannot be created: ${fileTrouble(error)}`);
      });
      const { tables } = await writeBackup(database, written, { reports: path.join(home, 'reports') });
      const { removed, damaged } = await rotateBackups(backup.folder, { written, keep: backup.rotate });
      const rows = Object.values(tables).reduce((sum, count) => sum + count, 0);
      const uncounted = damaged.length === 0 ? '' : `, damaged and not counted: ${damaged.join(', ')}`;
      return `${rows.toLocaleString('en')} rows in ${written}, ${removed} older removed${uncounted}`;
    });
    const file = written;
    if (tryRestore && file !== undefined && ends.at(-1)?.ok === true) await job('restore', () => restoreElsewhere(database, file));
  }
  await job('prune', async () => {
    const before = Object.fromEntries(
      PRUNABLE.flatMap((what) => (ages[what] === undefined ? [] : [[what, now - ages[what]]])),
    ) as PruneBefore;
    const gone = [
      ...(ages.reports === undefined ? [] : [await pruneReports({ database, home, before: now - ages.reports, keep })]),
      ...(Object.keys(before).length === 0 ? [] : await prune(database, before)),
      ...(ages.logs === undefined ? [] : [await pruneLogs({ home, before: now - ages.logs })]),
    ];
    return gone.map(({ what, rows }) => `${what} ${rows.toLocaleString('en')}`).join(', ') || 'nothing to prune';
  });
  await job('data', async () => {
    const { findings, series } = await verifyData(database, { sample: SAMPLE });
    if (findings.length > 0) throw new Error(`${findings[0]}${findings.length > 1 ? ` and ${findings.length - 1} more` : ''}`);
    return `${series} series of candles agree with their ticks`;
  });
  return ends;
}
