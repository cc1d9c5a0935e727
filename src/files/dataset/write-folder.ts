import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { badInput, fileTrouble } from '../../contracts/errors.ts';
import type { Table, TableFormat } from '../write/table.ts';
import { explained, isPartial, partialOf, removeLeftovers, syncPath, writeFileAtomically } from '../write/write-output.ts';
import { writeTable } from '../write/write-table.ts';
import { type DataFile, MANIFEST, type Manifest, readManifest } from './manifest.ts';

/** Writes a data set of several files, all of which become visible together or not at all. */
export interface FolderWriter {
  /** The manifest of the data set that is continued; undefined for a new one. */
  readonly before: Manifest | undefined;
  /** Folder in which written files wait until `place` or `commit`. */
  readonly stage: string;
  /** Writes a table as the next part of a partition such as `ticks/month=2026-11`. @returns undefined for a table without rows */
  write(partition: string, table: Table, options: WritePart): Promise<DataFile | undefined>;
  /** Adds the next part of a partition, which `fill` writes. @param fill writes the file, and returns its number of rows */
  add(partition: string, options: WritePart, fill: (file: string) => Promise<number>): Promise<DataFile | undefined>;
  /** Moves written files into an existing data set and syncs them to disk. Readers see them once the manifest lists them. */
  place(): Promise<void>;
  /** Moves the written files into the data set, writes the manifest and removes parts that it does not list. */
  commit(manifest: Manifest): Promise<void>;
  /** Removes what was written; call it after an error. */
  abandon(): Promise<void>;
}

interface WritePart {
  readonly name: string;
  readonly format: TableFormat;
  readonly safe?: boolean | undefined;
}

/**
 * Opens a folder to write a data set into it. A new data set is written into a temporary folder that is renamed at the end. A data set that
 * is continued gets more files, which readers see once the manifest lists them. Files that a killed process left are removed.
 * @param grow whether to continue the data set that is there
 * @throws PredictLabError BadInput when the folder has other files, or a data set that is not to be continued
 */
export async function openFolder(folder: string, { grow }: { readonly grow: boolean }): Promise<FolderWriter> {
  const target = path.resolve(folder);
  await removeLeftovers(path.dirname(target));
  const before = await readManifest(target);
  const there = await readdir(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw badInput(`${folder} cannot be written: ${fileTrouble(error)}; name another folder`, { cause: error });
  });
  if (before === undefined && there !== undefined && there.length > 0)
    throw badInput(`${folder} is not empty and has no ${MANIFEST}; name a new folder`);
  if (before !== undefined && !grow)
    throw badInput(`${folder} has a data set already; name a new folder, or continue an export of ticks with --since last`);
  if (before !== undefined) {
    await cleared(target, before);
    if ((await readdir(target)).some(isPartial)) throw badInput(`${folder}: another export is writing into it; wait until it ends`);
  }
  const stage = before === undefined ? partialOf(target) : partialOf(path.join(target, 'parts'));
  await explained(folder, () => mkdir(stage));
  const written: DataFile[] = [];
  const add: FolderWriter['add'] = async (partition, { name, format }, fill) => {
    const known = [...(before?.files ?? []), ...written].filter(({ path: file }) => path.posix.dirname(file) === partition);
    const number = Math.max(0, ...known.map(({ path: file }) => partNumber(file))) + 1;
    const file = `${partition}/part-${String(number).padStart(4, '0')}.${format}`;
    const staged = path.join(stage, file);
    await explained(folder, () => mkdir(path.dirname(staged), { recursive: true }));
    const rows = await fill(staged);
    if (rows === 0) {
      await rm(staged);
      return undefined;
    }
    const { size } = await stat(staged);
    const part: DataFile = { path: file, table: name, rows, bytes: size, sha256: await sha256Of(staged) };
    written.push(part);
    return part;
  };
  /** Syncs a file and the folders above it, up to `root`. */
  const syncUp = async (file: string, root: string): Promise<void> => {
    for (let at = file; at.startsWith(root); at = path.dirname(at)) await explained(folder, () => syncPath(at));
  };
  const place = async (): Promise<void> => {
    for (const { path: file } of written.splice(0)) {
      const placed = path.join(target, file);
      await explained(folder, () => mkdir(path.dirname(placed), { recursive: true }));
      await explained(folder, () => rename(path.join(stage, file), placed));
      await syncUp(placed, target);
    }
  };
  return {
    before,
    stage,
    add,
    place,
    write: (partition, table, options) =>
      add(partition, options, async (staged) => {
        let rows = 0;
        const batches = (async function* () {
          for await (const batch of table.batches) {
            rows += batch.length;
            yield batch;
          }
        })();
        await writeTable({ ...table, batches }, options.format, staged, { safe: options.safe === true });
        return rows;
      }),
    async commit(manifest) {
      if (before === undefined) {
        await writeManifest(stage, manifest);
        for (const { path: file } of written) await syncUp(path.join(stage, file), stage);
        // some systems refuse to rename a folder to an existing name, even to that of an empty folder
        if (there !== undefined) await explained(folder, () => rmdir(target));
        await explained(folder, () => rename(stage, target));
        await explained(folder, () => syncPath(path.dirname(target)));
        return;
      }
      await place();
      await publishManifest(target, manifest);
      await rm(stage, { recursive: true, force: true });
    },
    abandon: () => rm(stage, { recursive: true, force: true }),
  };
}

const writeManifest = async (folder: string, manifest: Manifest): Promise<void> => {
  const files = [...manifest.files].sort((a, b) => (a.path < b.path ? -1 : 1));
  await writeFileAtomically(path.join(folder, MANIFEST), [`${JSON.stringify({ ...manifest, files }, undefined, 1)}\n`]);
};

/**
 * Checks that all files which a manifest lists are in the folder with their sizes; their contents are not read.
 * @throws PredictLabError BadInput when a file is missing or has another size
 */
export async function checkListedFiles(folder: string, { files }: Manifest): Promise<void> {
  for (const { path: file, bytes } of files) {
    const { size } = await stat(path.join(folder, file)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return { size: undefined };
      throw badInput(`${file} in ${folder} cannot be read: ${fileTrouble(error)}; make it readable`, { cause: error });
    });
    if (size !== bytes)
      throw badInput(
        `${file} in ${folder} ${size === undefined ? 'is missing' : `has ${size} bytes instead of ${bytes}`}; restore the file, or export into a new folder`,
      );
  }
}

/** Writes the manifest of a data set, and removes parts that it does not list. */
export async function publishManifest(folder: string, manifest: Manifest): Promise<void> {
  await writeManifest(folder, manifest);
  await cleared(folder, manifest);
}

/** Matches the path of a part, with its number. */
const PART = /(?:^|\/)part-(\d{4,})\.(?:csv|json|parquet)$/;

/** The number of a part, from its path. */
export const partNumber = (file: string): number => Number(PART.exec(file)?.[1]);

/** Removes what killed processes left in a data set, and parts that its manifest does not list. */
async function cleared(target: string, { files }: Manifest): Promise<void> {
  await removeLeftovers(target);
  const known = new Set(files.map(({ path: file }) => file));
  for (const file of await filesBelow(target)) if (!known.has(file) && PART.test(file)) await rm(path.join(target, file), { force: true });
}

/** Paths of the files below a folder, with `/`, sorted. Files that are still being written are left out. */
export async function filesBelow(folder: string, below = ''): Promise<readonly string[]> {
  const entries = await readdir(path.join(folder, below), { withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries) {
    const file = below === '' ? entry.name : `${below}/${entry.name}`;
    if (isPartial(entry.name)) continue;
    found.push(...(entry.isDirectory() ? await filesBelow(folder, file) : [file]));
  }
  return found.sort();
}

/** The SHA-256 of a file's bytes, in hexadecimal. */
export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
