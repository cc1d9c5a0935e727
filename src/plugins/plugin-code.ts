import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { importedBy, isInPackage, packageFacts, watchImports } from './module-graph.ts';
import { noteTaken, type Taken, watchOutsideWorld } from './outside-world.ts';

/** The code of a plugin: what was really loaded and read for it. */
export interface PluginCode {
  /**
   * Hex SHA-256 of every file of its own that was loaded or read, and of the versions of the packages it uses. Paths are left out, so
   * that a moved project keeps its hash.
   */
  readonly hash: string;
  /** Why the hash does not cover everything, now: a module may load more later. */
  gap(): string | undefined;
}

/**
 * Loads a plugin's module and hashes everything that was loaded and read on the way: `import` and `require` however they name a file,
 * and files that were opened.
 *
 * @param url of the module, `file:`
 */
export async function loadWithCode<T>(url: string, load: () => Promise<T>): Promise<{ readonly loaded: T; readonly code: PluginCode }> {
  watchImports();
  watchOutsideWorld();
  const taken: Taken = { files: new Set(), unhashed: new Set() };
  const loaded = await noteTaken(taken, load);
  return { loaded, code: codeOf(url, taken) };
}

function codeOf(url: string, taken: Taken): PluginCode {
  const isOwn = (place: string): boolean => isInPackage(url) || !isInPackage(place);
  const modules = new Set(importedBy(url));
  // imports that are plainly written are known before they happen
  for (const one of modules) if (one.startsWith('file:') && isOwn(one)) for (const next of writtenImports(one)) modules.add(next);
  const files = new Set(taken.files);
  const parts = new Set<string>();
  for (const one of modules) {
    if (one.startsWith('file:') && isOwn(one)) files.add(fileURLToPath(one));
    else if (one.startsWith('file:')) parts.add(packageText(one));
    else if (one.startsWith('data:')) parts.add(one);
    else if (!one.startsWith('node:')) taken.unhashed.add(`import of ${one}`);
  }
  for (const name of files) if (isOwn(name)) parts.add(contentOf(name));
  const hash = createHash('sha256');
  for (const part of [...parts].sort()) hash.update(`${part.length};`).update(part);
  return {
    hash: hash.digest('hex'),
    gap() {
      const [unhashed] = taken.unhashed;
      if (unhashed !== undefined) return `its module uses ${unhashed} while it is loaded, whose answer is in no hash; read it from a file`;
      const later = [...importedBy(url)].find((one) => !modules.has(one));
      return later === undefined ? undefined : `its module has loaded ${later} later, which is in no hash; import it at the top`;
    },
  };
}

/** What a module imports by a relative path that stands in its text: static and dynamic imports, re-exports, `require`. */
const RELATIVE = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)(["'])(\.{1,2}\/[^"'?#]+)/g;

/** How a path without its extension may go on (CommonJS). */
const ENDINGS = ['', '.js', '.mjs', '.cjs', '.ts', '.json', '/index.js'];

function writtenImports(url: string): string[] {
  return [...contentOf(fileURLToPath(url)).matchAll(RELATIVE)].flatMap((match) => {
    const next = new URL(match[2], url).href;
    const ending = ENDINGS.find((one) => existsSync(new URL(next + one)) && statSync(new URL(next + one)).isFile());
    return ending === undefined ? [] : [next + ending];
  });
}

/** A package by its name, version and integrity, else by the file that was loaded of it. What is ours is the engine's revision. */
function packageText(url: string): string {
  const { name, version, integrity } = packageFacts(url);
  return name === 'predictlab' ? '' : `${name}@${version} ${integrity ?? contentOf(fileURLToPath(url))}`;
}

/** The content of a file, the names in a folder; nothing where there is neither. */
function contentOf(name: string): string {
  try {
    return statSync(name).isDirectory() ? readdirSync(name).sort().join('\n') : readFileSync(name, 'latin1');
  } catch {
    return '';
  }
}
