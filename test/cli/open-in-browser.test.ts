import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { openPrivately } from '../../src/cli/terminal/open-in-browser.ts';
import { until } from '../support/until.ts';

it.skipIf(process.platform !== 'linux')(
  'a page whose address has a token opens without the token in the process list (Linux only)',
  async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'predictlab-opener-'));
    await writeFile(path.join(folder, 'xdg-open'), `#!/bin/sh\necho "$@" > ${folder}/arguments\n`);
    await chmod(path.join(folder, 'xdg-open'), 0o755);
    const { PATH } = process.env;
    process.env.PATH = `${folder}:${PATH}`;
    const page = await openPrivately('http://127.0.0.1:8270/#token=s3cr3t-token-1');
    process.env.PATH = PATH;
    expect(page.opened).toBe(true);
    const given = async (): Promise<string> => (await readFile(path.join(folder, 'arguments'), 'utf8').catch(() => '')).trim();
    await until(async () => (await given()) !== '');
    const file = await given();
    expect(file).not.toContain('s3cr3t');
    expect(await readFile(file, 'utf8')).toContain('url=http://127.0.0.1:8270/#token=s3cr3t-token-1');
    expect((await stat(file)).mode & 0o077).toBe(0);
    expect((await stat(path.dirname(file))).mode & 0o077).toBe(0);
    await page.close();
    await expect(stat(file)).rejects.toThrow('ENOENT');
    await rm(folder, { recursive: true });
  },
);
