import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { badInput, messageOf, PredictLabError } from '../../contracts/errors.ts';
import type { Log } from '../../contracts/log.ts';
import { needsTheUser, writeFileAtomically } from '../../files/write/write-output.ts';
import { makePrivateFolder } from '../../processes/home-folder.ts';
import type { PageScript } from '../../report/elements/page/page.ts';

let library: Promise<string | null> | undefined;

/** The text of the chart library, read once. Null if it is not installed; pages then show still pictures only. */
export const chartLibrary = (log?: Log): Promise<string | null> => {
  library ??= readLibrary(log);
  return library;
};

/** File name of the library in a folder of pages. It contains a hash of the library, so that older pages keep their version. */
const fileOf = (text: string): string => `charts-${createHash('sha256').update(text).digest('hex').slice(0, 12)}.js`;

/**
 * Puts the chart library next to a run's pages, as a hard link, so that it is stored once and each folder is complete, or as a copy.
 * @returns the script for a page in that folder; null when the library is not installed
 */
export const placeChartLibrary = async (reports: string, folder: string, log?: Log): Promise<PageScript | null> => {
  const text = await chartLibrary(log);
  if (text === null) return null;
  const file = fileOf(text);
  const here = path.join(folder, file);
  if (existsSync(here)) return { file };
  const shared = path.join(reports, file);
  if (!existsSync(shared)) await writePage(shared, text);
  await makePrivateFolder(folder);
  try {
    await link(shared, here);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') await writePage(here, text);
  }
  return { file };
};

const readLibrary = async (log: Log | undefined): Promise<string | null> => {
  try {
    const folder = path.dirname(createRequire(import.meta.url).resolve('lightweight-charts/package.json'));
    return await readFile(path.join(folder, 'dist', 'lightweight-charts.standalone.production.js'), 'utf8');
  } catch (error) {
    log?.warn('lightweight-charts is not installed: pages have still pictures only', { error: String(error) });
    return null;
  }
};

/** Writes a page completely or not at all, since browsers may reload it at any time; the last writer wins. @returns the number of bytes */
export async function writePage(file: string, text: string): Promise<number> {
  try {
    await makePrivateFolder(path.dirname(file));
    // not flushed to disk: if a power cut destroys the page, the next report writes it again
    return await writeFileAtomically(file, [text], { durable: false, mode: 0o600 });
  } catch (error) {
    const cause = error instanceof PredictLabError ? (error.cause ?? error) : error;
    // if the folder was removed meanwhile, the next attempt creates it again
    const removed = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    if (removed || !(cause instanceof PredictLabError || needsTheUser(cause))) throw cause;
    throw badInput(
      `the report ${file} cannot be written: ${messageOf(cause)}; check that PREDICTLAB_HOME is a folder with room that this user may write to`,
      { cause },
    );
  }
}
