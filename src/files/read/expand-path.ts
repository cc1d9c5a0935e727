import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { PredictLabError } from '../../contracts/errors.ts';

const MAGIC = /[*?]/;

/**
 * The files that a path or pattern matches, sorted: `*` and `?` match within one name, `**` any number of folders.
 *
 * @param base the folder of relative paths
 * @throws PredictLabError BadInput when nothing matches
 */
export async function expandPath(pattern: string, base = process.cwd()): Promise<string[]> {
  const absolute = path.resolve(base, pattern);
  if (!MAGIC.test(pattern) || (await isFile(absolute))) {
    if (await isFile(absolute)) return [absolute];
    if (await isFolder(absolute))
      throw new PredictLabError(
        'BadInput',
        `${pattern} is a folder; name a CSV file in it or a pattern such as "${path.join(pattern, '*.csv')}"`,
      );
    throw new PredictLabError('BadInput', `there is no file ${pattern} (looked in ${base}); check the path`);
  }
  const { root } = path.parse(absolute);
  const found = await match(root, absolute.slice(root.length).split(path.sep));
  if (found.length === 0) throw new PredictLabError('BadInput', `no file matches ${pattern} (looked in ${base}); check the pattern`);
  return found.sort();
}

const isFolder = async (file: string): Promise<boolean> => {
  try {
    return (await stat(file)).isDirectory();
  } catch {
    return false;
  }
};

const isFile = async (file: string): Promise<boolean> => {
  try {
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
};

async function match(folder: string, [part, ...rest]: readonly string[]): Promise<string[]> {
  if (part === undefined) return [];
  if (!MAGIC.test(part)) {
    const next = path.join(folder, part);
    if (rest.length > 0) return match(next, rest);
    return (await isFile(next)) ? [next] : [];
  }
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
  const found = names.map(async (name) => {
    const next = path.join(folder, name);
    if (rest.length > 0) return match(next, rest);
    return (await isFile(next)) ? [next] : [];
  });
  return (await Promise.all(found)).flat();
}

/** A file's name without folder and endings, which names its instrument: `ticks/senate.csv.gz` → `senate`. */
export const nameOf = (file: string): string => path.basename(file).replace(/(\.(csv|tsv|txt))?(\.gz)?$/i, '') || path.basename(file);
