import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startDevServer } from '../../src/set-up/temporal/dev-server.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'predictlab-server-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));
const log = { debug: () => undefined, info: () => undefined, warn: () => undefined };

test('a development server that dies at its start is reported with the last lines of its log', async () => {
  const cli = path.join(home, 'temporal');
  await writeFile(cli, '#!/bin/sh\necho "unable to open database file (14)" >&2\nexit 1\n');
  await chmod(cli, 0o755);
  await expect(startDevServer({ cli, home, log })).rejects.toMatchObject({
    type: 'SourceUnavailable',
    message: expect.stringMatching(/did not start on 127\.0\.0\.1:\d+: unable to open database file \(14\)\n\(.*logs\/temporal-\d+\.log\)/),
  });
});

test('a Temporal CLI that cannot be started leads to one clear error', async () => {
  await expect(startDevServer({ cli: path.join(home, 'nothing'), home, log })).rejects.toThrow(
    /Temporal dev server .*nothing\) did not start/,
  );
});
