import { cp, link, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** A build beside the one under test. */
export interface BuildCopy {
  /** Its command line. */
  readonly command: string;
  close(): Promise<void>;
}

/**
 * A copy of the build with changed code.
 *
 * @param changes what to replace in which file of `dist`; each must be there
 */
export async function copyBuild(
  changes: readonly { readonly file: string; readonly from: string; readonly to: string }[],
): Promise<BuildCopy> {
  const folder = await mkdtemp(path.join(tmpdir(), 'predictlab-build-'));
  for (const name of ['bin', 'package.json']) await cp(path.join(ROOT, name), path.join(folder, name), { recursive: true });
  await linkFiles(path.join(ROOT, 'dist'), path.join(folder, 'dist'));
  await symlink(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
  for (const { file, from, to } of changes) {
    const at = path.join(folder, 'dist', file);
    const text = await readFile(at, 'utf8');
    if (!text.includes(from)) throw new Error(`dist/${file} has no ${from}`);
    // a file of its own: the other one is the build under test
    await rm(at);
    await writeFile(at, text.replaceAll(from, to));
  }
  return { command: path.join(folder, 'bin', 'predictlab.js'), close: () => rm(folder, { recursive: true, force: true }) };
}

/** The same files once more, which costs no copying; copied where the folders lie on different disks. */
async function linkFiles(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)];
    if (entry.isDirectory()) await linkFiles(source, target);
    else if (!entry.name.endsWith('.d.ts')) await link(source, target).catch(() => cp(source, target));
  }
}
