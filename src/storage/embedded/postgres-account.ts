import { spawnSync } from 'node:child_process';
import { chownSync, lstatSync, readdirSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { unusable } from '../../contracts/errors.ts';

/** Uid of "nobody", the account for servers that root starts, since Postgres refuses to run as root. */
const NOBODY = 65_534;

export interface PostgresAccount {
  /** Returns the command line that runs a program under this account. */
  wrap(
    program: string,
    args: readonly string[],
  ): { readonly program: string; readonly args: readonly string[]; readonly uid?: number; readonly gid?: number };
  own(path: string): void;
  /** The operating system's user whose processes the server accepts; undefined: every process that reaches its socket. */
  readonly only?: string;
}

/** Whether a user id is that of this process or, if this process is root, that of the servers it starts. */
export function isOurs(uid: number): boolean {
  const me = process.getuid?.() ?? uid;
  return uid === me || (me === 0 && uid === NOBODY);
}

/**
 * Chooses the server's account. It is the current user; for root it is "nobody" or, where nobody cannot reach the files (a home under
 * /root), a user namespace that maps root to nobody.
 * @param paths folders that the server must reach
 * @throws PredictLabError `StorageUnavailable` when root can do neither
 */
export function postgresAccount(paths: readonly string[]): PostgresAccount {
  if (process.getuid?.() !== 0) return { wrap: (program, args) => ({ program, args }), own: () => undefined };
  const closed = paths.map(closedAncestor).find((folder) => folder !== undefined);
  if (closed === undefined) {
    return {
      wrap: (program, args) => ({ program, args, uid: NOBODY, gid: NOBODY }),
      own: (path) => chownAll(path, NOBODY),
      // restricts the server's socket to root, since other processes may also run as nobody
      only: userInfo().username,
    };
  }
  const namespace = ['--user', `--map-user=${NOBODY}`];
  if (spawnSync('unshare', [...namespace, 'true'], { stdio: 'ignore' }).status !== 0) {
    throw unusable(
      `Postgres does not run as root, and another account cannot reach ${closed}; run as a normal user, or set PREDICTLAB_HOME to a folder that everybody may enter (chmod o+x), or set DATABASE_URL`,
    );
  }
  return { wrap: (program, args) => ({ program: 'unshare', args: [...namespace, program, ...args] }), own: (path) => chownAll(path, 0) };
}

/** The nearest folder on the path that other users cannot enter. */
function closedAncestor(path: string): string | undefined {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return folder;
    if (dirname(folder) === folder) return undefined;
  }
}

function chownAll(path: string, owner: number): void {
  const info = lstatSync(path);
  if (!isOurs(info.uid) || info.isSymbolicLink()) {
    throw unusable(
      `${path} is not root's but of user ${info.uid}, who would lose access to it; run as that user, or set PREDICTLAB_HOME to another folder`,
    );
  }
  // Ownership is always given to a whole tree, so everything below has the owner of the top.
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
