import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { badInput } from '../../contracts/errors.ts';

const MAGIC = /[*?]/;

/**
 * The files that a path or pattern matches, sorted: `*` and `?` match within one name, `**` any number of folders.
 * @param base the folder of relative paths
 * @throws PredictLabError BadInput when nothing matches
 */
export async function expandPath(pattern: string, base = process.cwd()): Promise<string[]> {
  const absolute = path.resolve(base, pattern);
  const kind = await kindOf(absolute);
  if (kind === 'file') return [absolute];
  if (!MAGIC.test(pattern)) {
    if (kind === 'folder')
      throw badInput(`${pattern} is a folder; name a CSV file in it or a pattern such as "${path.join(pattern, '*.csv')}"`);
    throw badInput(`there is no file ${pattern} (looked in ${base}); check the path`);
  }
  const { root } = path.parse(absolute);
  const found = await match(root, absolute.slice(root.length).split(path.sep));
  if (found.length === 0) throw badInput(`no file matches ${pattern} (looked in ${base}); check the pattern`);
  return found.sort();
}

async function kindOf(place: string): Promise<'file' | 'folder' | undefined> {
  const found = await stat(place).catch(() => undefined);
  if (found?.isFile()) return 'file';
  return found?.isDirectory() ? 'folder' : undefined;
}

/** The files below `place` that match the rest of a pattern; `place` itself if nothing is left of the pattern and it is a file. */
const below = async (place: string, rest: readonly string[]): Promise<string[]> =>
  rest.length > 0 ? match(place, rest) : (await kindOf(place)) === 'file' ? [place] : [];

async function match(folder: string, [part, ...rest]: readonly string[]): Promise<string[]> {
  if (part === undefined) return [];
  if (!MAGIC.test(part)) return below(path.join(folder, part), rest);
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  if (part === '**') {
    const deeper = entries.filter((entry) => entry.isDirectory()).map((entry) => match(path.join(folder, entry.name), ['**', ...rest]));
    return (await Promise.all([match(folder, rest), ...deeper])).flat();
  }
  const pattern = new RegExp(
    `^${part
      .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  );
  const names = entries.map((entry) => entry.name).filter((name) => pattern.test(name) && (!name.startsWith('.') || part.startsWith('.')));
  return (await Promise.all(names.map((name) => below(path.join(folder, name), rest)))).flat();
}

/** The name of a file's instrument: the file's name without folder and endings, `ticks/senate.csv.gz` → `senate`. */
export const nameOf = (file: string): string => path.basename(file).replace(/(\.(csv|tsv|txt))?(\.gz)?$/i, '') || path.basename(file);
