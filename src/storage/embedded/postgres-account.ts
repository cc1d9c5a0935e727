import { spawnSync } from 'node:child_process';
import { chownSync, lstatSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PredictLabError } from '../../contracts/errors.ts';

/** The account "nobody": Postgres refuses to run as root. */
const NOBODY = 65_534;

/** As whom the server runs. */
export interface PostgresAccount {
  /** The command line that runs a program as this account. */
  wrap(
    program: string,
    args: readonly string[],
  ): { readonly program: string; readonly args: readonly string[]; readonly uid?: number; readonly gid?: number };
  /** Gives a folder and all in it to the account. */
  own(path: string): void;
}

/** Whether a folder is of this process's user; root's servers have theirs as "nobody". */
export function isOurs(uid: number): boolean {
  const me = process.getuid?.() ?? uid;
  return uid === me || (me === 0 && uid === NOBODY);
}

/**
 * A normal user runs the server as itself. Root runs it as "nobody", which must be able to reach the programs and the data; where it
 * cannot (a home under /root), as itself in a user namespace in which it is called nobody.
 *
 * @param paths folders that the server must reach
 * @throws PredictLabError `StorageUnavailable` when root can do neither
 */
export function postgresAccount(paths: readonly string[]): PostgresAccount {
  if (process.getuid?.() !== 0) return { wrap: (program, args) => ({ program, args }), own: () => undefined };
  const closed = paths.map(closedAncestor).find((folder) => folder !== undefined);
  if (closed === undefined) {
    return { wrap: (program, args) => ({ program, args, uid: NOBODY, gid: NOBODY }), own: (path) => chownAll(path, NOBODY) };
  }
  const namespace = ['--user', `--map-user=${NOBODY}`];
  if (spawnSync('unshare', [...namespace, 'true'], { stdio: 'ignore' }).status !== 0) {
    throw new PredictLabError(
      'StorageUnavailable',
      `Postgres does not run as root, and another account cannot reach ${closed}; run as a normal user, or set PREDICTLAB_HOME to a folder that everybody may enter (chmod o+x), or set DATABASE_URL`,
    );
  }
  return { wrap: (program, args) => ({ program: 'unshare', args: [...namespace, program, ...args] }), own: (path) => chownAll(path, 0) };
}

/** The first folder on the way that others may not enter. */
function closedAncestor(path: string): string | undefined {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return folder;
    if (dirname(folder) === folder) return undefined;
  }
}

function chownAll(path: string, owner: number): void {
  const info = lstatSync(path);
  if (!isOurs(info.uid) || info.isSymbolicLink()) {
    throw new PredictLabError(
      'StorageUnavailable',
      `${path} is not root's but of user ${info.uid}, who could not use it any more; run as that user, or set PREDICTLAB_HOME to another folder`,
    );
  }
  // Ownership is given to a whole tree at a time: what belongs to the account at the top does so below.
  if (info.uid === owner) return;
  if (info.isDirectory()) for (const name of readdirSync(path)) chownTree(join(path, name), owner);
  chownSync(path, owner, owner);
}

function chownTree(path: string, owner: number): void {
  const info = lstatSync(path);
  if (info.isSymbolicLink()) return;
  if (info.isDirectory()) for (const name of readdirSync(path)) chownTree(join(path, name), owner);
  chownSync(path, owner, owner);
}
