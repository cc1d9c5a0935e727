import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const CALLER = fileURLToPath(new URL('full-disk-child.mjs', import.meta.url));
const MAIN = fileURLToPath(new URL('../../dist/bundle/main.js', import.meta.url));

interface End {
  readonly code: number | null;
  readonly said: string;
}

/** Runs a program whose standard output or error lies on a full disk. @returns how it ended and what the other stream received */
async function onFullDisk(full: 'stdout' | 'stderr', args: readonly string[]): Promise<End> {
  const disk = await open('/dev/full', 'w');
  try {
    const [out, error] = full === 'stdout' ? [disk.fd, 'pipe' as const] : ['pipe' as const, disk.fd];
    const child = spawn(process.execPath, [...args], { stdio: ['ignore', out, error] });
    let said = '';
    (full === 'stdout' ? child.stderr : child.stdout)?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { code, said };
  } finally {
    await disk.close();
  }
}

describe.skipIf(!existsSync('/dev/full') || !existsSync(MAIN))('a full disk (needs /dev/full and npm run build)', () => {
  it('is reported in one sentence when standard output is written to it', async () => {
    const { code, said } = await onFullDisk('stdout', [CALLER, 'main', '--help']);
    expect(said).toMatch(/^predictlab: standard output cannot be written: .*; free some disk space, or write elsewhere\n$/);
    expect(code).toBe(2);
  });

  it('does not stop the work when only standard error is written to it', async () => {
    expect(await onFullDisk('stderr', [CALLER, 'main', 'nonsense'])).toEqual({ code: 2, said: '' });
    expect(await onFullDisk('stderr', [CALLER, 'log'])).toEqual({ code: 0, said: 'went on\n' });
  });
});
