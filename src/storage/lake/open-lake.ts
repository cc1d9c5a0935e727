import { existsSync } from 'node:fs';
import path from 'node:path';
import { badInput } from '../../contracts/errors.ts';
import { MANIFEST, type Manifest, readManifest, SCHEMA } from '../../files/dataset/manifest.ts';
import { openFolder, partNumber, publishManifest } from '../../files/dataset/write-folder.ts';
import { VERSION } from '../../version.ts';
import type { Database } from '../database/database.ts';
import { checkFile, type Lake, type LakeFile, lakeFiles, lakeOf } from './lake.ts';

/** The columns of the lake's files, as its manifest states them. */
const COLUMNS = {
  source: 'text',
  instrument: 'text',
  kind: 'text',
  time: 'time',
  seq: 'integer',
  price: 'number',
  size: 'number',
  side: 'text',
  outcome: 'text',
  trade_id: 'text',
  identity: 'text',
  flags: 'integer',
  grain: 'integer',
};

/**
 * Opens the lake for a move: creates its folder if there is none yet, switches to a copy in another folder, cleans up after a killed move.
 * @throws PredictLabError BadInput when the folder is not this database's
 */
export async function openLake(database: Database, named: string | undefined): Promise<Lake> {
  const known = await lakeOf(database);
  const folder = named === undefined ? known?.folder : path.resolve(named);
  if (folder === undefined) throw badInput('this database has no lake yet; name a folder for it with --lake');
  // recorded before the folder is created: after a move that is killed in between, the next one finds the lake's id in the folder
  if (known === undefined) await database.query('insert into lake (folder) values ($1)', [folder]);
  const lake = { ...((await lakeOf(database)) as Lake), folder };
  try {
    await openFolderOf(lake, await lakeFiles(database), known === undefined);
  } catch (error) {
    if (known === undefined) await database.query('delete from lake');
    throw error;
  }
  if (known !== undefined && known.folder !== folder)
    await database.query('update lake set folder = $1, revision = revision + 1', [folder]);
  return lake;
}

async function openFolderOf({ id, folder }: Lake, files: readonly LakeFile[], isNew: boolean): Promise<void> {
  const manifest = await readManifest(folder);
  for (const file of files) await checkFile(folder, file);
  if (manifest !== undefined) checkOwner(manifest, { id, folder }, files);
  if (manifest === undefined && (isNew || !existsSync(folder))) {
    const writer = await openFolder(folder, { grow: true });
    await writer.commit(manifestOf(id, files));
    return;
  }
  await publishManifest(folder, manifestOf(id, files));
}

/** Checks a folder's manifest. @throws PredictLabError BadInput when the folder is another data set or another database's lake */
function checkOwner(manifest: Manifest, { id, folder }: Pick<Lake, 'id' | 'folder'>, files: readonly LakeFile[]): void {
  if (manifest.what !== 'lake') throw badInput(`${folder} holds another data set; name a new folder for the lake`);
  if (manifest.lake !== undefined && manifest.lake !== id)
    throw badInput(
      `${folder} is the lake of another database; name another folder with --lake, for a restored database a copy of the folder without ${MANIFEST}`,
    );
  const foreign = manifest.files.find((file) => !files.some((known) => isSameOrLater(known, file)));
  if (foreign !== undefined)
    throw badInput(
      `${folder} lists ${foreign.path}, which this database did not write: it is a restored copy, or another database uses the folder; copy the folder without ${MANIFEST} and name the copy with --lake`,
    );
}

/** Whether `file` is `other` or its replacement. After a killed move the manifest may still list files that were replaced. */
const isSameOrLater = (file: { readonly path: string }, other: { readonly path: string }): boolean =>
  path.posix.dirname(file.path) === path.posix.dirname(other.path) && partNumber(file.path) >= partNumber(other.path);

/** The manifest of a lake with these files. @param id the lake's id */
export const manifestOf = (id: string, files: readonly LakeFile[]): Manifest => ({
  schema: SCHEMA,
  madeBy: `PredictLab ${VERSION}`,
  what: 'lake',
  lake: id,
  format: 'parquet',
  partitionBy: ['month', 'venue'],
  tables: { lake: COLUMNS },
  files: files.map(({ path: file, rows, bytes, sha256 }) => ({ path: file, table: 'lake', rows, bytes, sha256 })),
});
