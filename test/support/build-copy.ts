import { cp, link, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A second build, beside the one that is tested. */
export interface BuildCopy {
  /** Path of the copy's `predictlab` executable. */
  readonly command: string;
  close(): Promise<void>;
}

/**
 * A copy of the build with changed code.
 *
 * @param changes what to replace in which file of `dist`, or in which module (`src/…`) of `dist/bundle`; each must be there
 */
export async function copyBuild(
  changes: readonly { readonly file: string; readonly from: string; readonly to: string }[],
): Promise<BuildCopy> {
  const folder = await mkdtemp(path.join(tmpdir(), 'predictlab-build-'));
  for (const name of ['bin', 'package.json']) await cp(path.join(ROOT, name), path.join(folder, name), { recursive: true });
  await linkFiles(path.join(ROOT, 'dist'), path.join(folder, 'dist'));
  await symlink(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
  for (const { file, from, to } of changes) {
    const { at, text, code } = await codeOf(path.join(folder, 'dist'), file);
    if (!code.includes(from)) throw new Error(`dist/${file} has no ${from}`);
    // a separate file: the original belongs to the build under test
    await rm(at);
    await writeFile(
      at,
      text.replace(code, () => code.replaceAll(from, to)),
    );
  }
  return { command: path.join(folder, 'bin', 'predictlab.js'), close: () => rm(folder, { recursive: true, force: true }) };
}

/** A file and the requested part of its code: all of it, or one module of a bundled file. */
async function codeOf(dist: string, file: string): Promise<{ at: string; text: string; code: string }> {
  if (!file.startsWith('src/')) {
    const text = await readFile(path.join(dist, file), 'utf8');
    return { at: path.join(dist, file), text, code: text };
  }
  for (const name of await readdir(path.join(dist, 'bundle'))) {
    const text = await readFile(path.join(dist, 'bundle', name), 'utf8');
    // a comment above each module names its source file
    const [, code] = `\n${text}`.split(`\n// ${file}\n`);
    if (code !== undefined) return { at: path.join(dist, 'bundle', name), text, code: code.split(/\n\/\/ (?=src\/)/)[0] };
  }
  throw new Error(`dist/bundle has no ${file}`);
}

/** Links the same files a second time instead of copying them; copies when the folders are on different disks. */
async function linkFiles(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    // a staging folder of a build may disappear meanwhile
    if (entry.name.startsWith('.staging-')) continue;
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)];
    if (entry.isDirectory()) await linkFiles(source, target);
    else if (!entry.name.endsWith('.d.ts')) await link(source, target).catch(() => cp(source, target));
  }
}
