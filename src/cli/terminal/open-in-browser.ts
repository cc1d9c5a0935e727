import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
};

/** Opens a file or an address in the desktop's browser without waiting for it. @returns whether the browser could be started */
export function openInBrowser(place: string): Promise<boolean> {
  const [program, ...args] = OPENERS[process.platform] ?? ['xdg-open'];
  const child = spawn(program, [...args, place], { detached: true, stdio: 'ignore' });
  child.unref();
  return new Promise((resolve) => {
    child.once('spawn', () => resolve(true));
    child.once('error', () => resolve(false));
  });
}

/**
 * Opens an address that holds a token through a private file, because every user of the machine can read the arguments of processes.
 * `close` removes the file.
 */
export async function openPrivately(address: string): Promise<{ readonly opened: boolean; close(): Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'predictlab-open-'));
  const page = path.join(folder, 'open.html');
  const target = address.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
  await writeFile(page, `<!doctype html><meta http-equiv="refresh" content="0;url=${target}">\n`, { mode: 0o600 });
  return { opened: await openInBrowser(page), close: () => rm(folder, { recursive: true, force: true }) };
}
