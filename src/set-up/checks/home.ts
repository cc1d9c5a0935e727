import { rm, stat, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { messageOf } from '../../contracts/errors.ts';
import type { Log } from '../../contracts/log.ts';
import { shellWord } from '../../contracts/text/plain-text.ts';
import { makeFolder, PASSAGE_MODE } from '../../processes/home-folder.ts';
import { openDatabase } from '../../storage/database/open-database.ts';
import { resolveDatabase } from '../../storage/embedded/resolve-database.ts';
import { verifyData } from '../../storage/verify/verify.ts';
import { away, broken, type CheckResult, ok, warn } from './check.ts';

const GIB = 1024 ** 3;
/** Free space below which the check warns: a year of a busy symbol's ticks takes some hundred megabytes. */
const SCARCE_BYTES = 2 * GIB;
/** Free space below which the check fails. */
const FULL_BYTES = 0.2 * GIB;

/** Checks that PREDICTLAB_HOME can be written, that other users cannot read it, and that its disk has free space. */
export async function checkHome(home: string): Promise<readonly CheckResult[]> {
  const probe = path.join(home, `.doctor-${process.pid}`);
  try {
    await makeFolder(home, PASSAGE_MODE);
    await writeFile(probe, 'x');
    await rm(probe);
  } catch (error) {
    const action = 'make the folder writable for this user, or set PREDICTLAB_HOME to one that is';
    return [broken('home folder', `${home} cannot be written (${messageOf(error)})`, action)];
  }
  const { bavail, bsize } = await statfs(home);
  const free = bavail * bsize;
  const detail = `${(free / GIB).toFixed(1)} GiB free`;
  const action = 'make room, or set PREDICTLAB_HOME (or DATABASE_URL) to a larger disk';
  const open = ((await stat(home)).mode & 0o077 & ~PASSAGE_MODE) !== 0;
  return [
    open
      ? warn(
          'home folder',
          `${home} can be read by other users of this machine`,
          `close it: chmod ${PASSAGE_MODE.toString(8)} ${shellWord(home)}`,
        )
      : ok('home folder', home),
    free >= SCARCE_BYTES ? ok('disk', detail) : (free < FULL_BYTES ? broken : warn)('disk', detail, action),
  ];
}

/** The oldest supported Node.js, as in package.json. */
const REQUIRED = [20, 19] as const;

/** Checks that Node.js is new enough. */
export async function checkNode(version: string = process.versions.node): Promise<readonly CheckResult[]> {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const detail = `${version} on ${process.platform}-${process.arch}`;
  if (major > REQUIRED[0] || (major === REQUIRED[0] && minor >= REQUIRED[1])) return [ok('Node.js', detail)];
  return [broken('Node.js', detail, `install Node.js ${REQUIRED.join('.')} or newer from https://nodejs.org`)];
}

/**
 * Compares candles with their ticks, and counts, coverage and staging with each other; each difference is a line that fails. Inconsistent
 * prices and markets that fell silent are lines that do not fail.
 */
export async function checkData(env: NodeJS.ProcessEnv, log: Log, { sample }: { sample?: number } = {}): Promise<readonly CheckResult[]> {
  const name = 'data';
  try {
    const located = await resolveDatabase(env, log);
    try {
      const database = await openDatabase({ url: located.url, max: 2, applicationName: 'predictlab-doctor' });
      try {
        const { series, candles, ticks, findings, warnings, notes } = await verifyData(database, sample === undefined ? {} : { sample });
        const looked = `${candles.toLocaleString('en')} candles of ${series} series built again from ${ticks.toLocaleString('en')} ticks`;
        const action = 'store what is missing with `predictlab run --refetch`, or restore a backup; please report how it happened';
        return [
          ...findings.map((detail) => broken(name, detail, action)),
          ...warnings.map(({ detail, action: look }) => warn(name, detail, look)),
          ...notes.map((detail) => ok(name, detail)),
          ...(findings.length === 0 ? [ok(name, `${looked}: all as stored`)] : []),
        ];
      } finally {
        await database.close();
      }
    } finally {
      await located.close();
    }
  } catch (error) {
    return [away(name, messageOf(error), 'see Postgres')];
  }
}
