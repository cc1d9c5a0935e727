import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** What a module imports by a relative path: static and dynamic imports, re-exports, `require`; `?query` and `#hash` are no part of it. */
const RELATIVE = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)(["'])(\.{1,2}\/[^"'?#]+)/g;

/** How a path without its extension may go on (CommonJS). */
const ENDINGS = ['', '.js', '.mjs', '.cjs', '.ts', '.json', '/index.js'];

/**
 * Hex SHA-256 of a module's text and of all that it imports by relative paths, theirs included: changing a constant in a helper
 * changes it. Packages are not followed; their versions are the lock file's.
 *
 * @param url of the module, `file:`
 * @throws the file system's error when the module itself cannot be read; an import that leads nowhere counts as such
 */
export async function moduleHash(url: string): Promise<string> {
  const hash = createHash('sha256');
  const waiting: string[] = [url];
  const seen = new Set(waiting);
  for (let at = waiting.shift(); at !== undefined; at = waiting.shift()) {
    const text = await (at === url ? readFile(new URL(at)) : readImported(at));
    // lengths keep one file's end from being another one's begin; paths are left out, so that a moved project keeps its hashes
    hash.update(`${text.length};`).update(text);
    for (const match of text.toString('utf8').matchAll(RELATIVE)) {
      const next = new URL(match[2], at).href;
      if (seen.has(next)) continue;
      seen.add(next);
      waiting.push(next);
    }
  }
  return hash.digest('hex');
}

async function readImported(url: string): Promise<Buffer> {
  for (const ending of ENDINGS) {
    try {
      return await readFile(new URL(url + ending));
    } catch {
      // the next ending; what is nowhere would have failed to load, or is text that only looks like an import
    }
  }
  return Buffer.from('nowhere');
}
