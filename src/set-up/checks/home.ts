import { rm, stat, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { messageOf } from '../../contracts/errors.ts';
import { shellWord } from '../../contracts/text/shell-word.ts';
import { makeFolder } from '../../processes/make-folder.ts';
import { PASSAGE_MODE } from '../../processes/private-folder.ts';
import type { CheckResult } from './check.ts';

const GIB = 1024 ** 3;
/** Free space below which the check warns or fails: a year of a busy symbol's ticks takes some hundred megabytes. */
const SCARCE_BYTES = 2 * GIB;
const FULL_BYTES = 0.2 * GIB;

/** Checks that PREDICTLAB_HOME can be written, is closed to other users, and that its disk has room. */
export async function checkHome(home: string): Promise<readonly CheckResult[]> {
  const probe = path.join(home, `.doctor-${process.pid}`);
  try {
    await makeFolder(home, PASSAGE_MODE);
    await writeFile(probe, 'x');
    await rm(probe);
  } catch (error) {
    const action = 'make the folder writable for this user, or set PREDICTLAB_HOME to one that is';
    return [{ name: 'home folder', status: 'fail', detail: `${home} cannot be written (${messageOf(error)})`, action }];
  }
  const { bavail, bsize } = await statfs(home);
  const free = bavail * bsize;
  const detail = `${(free / GIB).toFixed(1)} GiB free`;
  const action = 'make room, or set PREDICTLAB_HOME (or DATABASE_URL) to a larger disk';
  const open = ((await stat(home)).mode & 0o077 & ~PASSAGE_MODE) !== 0;
  return [
    open
      ? {
          name: 'home folder',
          status: 'warn',
          detail: `${home} can be read by other users of this machine`,
          action: `close it: chmod ${PASSAGE_MODE.toString(8)} ${shellWord(home)}`,
        }
      : { name: 'home folder', status: 'ok', detail: home },
    free >= SCARCE_BYTES
      ? { name: 'disk', status: 'ok', detail }
      : { name: 'disk', status: free < FULL_BYTES ? 'fail' : 'warn', detail, action },
  ];
}
