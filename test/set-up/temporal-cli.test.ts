import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCommand } from '../../src/processes/run-command.ts';
import { findTemporalCli } from '../../src/set-up/temporal/temporal-cli.ts';
import { type CliDownload, temporalDownload } from '../../src/set-up/temporal/temporal-download.ts';

let home: string;
let messages: string[];
const log = { info: (message: string) => messages.push(message), warn: (message: string) => messages.push(message) };

beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'predictlab-cli-'));
  messages = [];
});
afterEach(() => rm(home, { recursive: true, force: true }));

const WORKING = '#!/bin/sh\necho "temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)"\n';

async function executable(folder: string, script: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const file = path.join(folder, 'temporal');
  await writeFile(file, script);
  await chmod(file, 0o755);
  return file;
}

const served = (script: string): CliDownload => ({ name: 'a mirror', fetch: (folder) => executable(folder, script) });
const refused: CliDownload = { name: 'a dead mirror', fetch: () => Promise.reject(new Error('no network')) };
const noPath = { PATH: '' };

test('TEMPORAL_CLI has precedence over every other Temporal CLI', async () => {
  const chosen = await executable(path.join(home, 'chosen'), WORKING);
  const onPath = await executable(path.join(home, 'path'), WORKING);
  const env = { TEMPORAL_CLI: chosen, PATH: path.dirname(onPath) };
  expect(await findTemporalCli({ env, home, log, downloads: [] })).toBe(chosen);
});

test('a TEMPORAL_CLI that does not exist is an error with its path, and no other one is used', async () => {
  const env = { TEMPORAL_CLI: '/nowhere/temporal', PATH: path.dirname(await executable(path.join(home, 'path'), WORKING)) };
  await expect(findTemporalCli({ env, home, log, downloads: [] })).rejects.toMatchObject({
    type: 'BadInput',
    message: expect.stringMatching(/TEMPORAL_CLI=\/nowhere\/temporal does not exist; set it to/),
  });
});

test('the executable on PATH has precedence over a downloaded copy', async () => {
  const onPath = await executable(path.join(home, 'path'), WORKING);
  await executable(path.join(home, 'bin'), WORKING);
  expect(await findTemporalCli({ env: { PATH: `/nowhere:${path.dirname(onPath)}` }, home, log, downloads: [] })).toBe(onPath);
});

test('an executable on PATH that does not run is skipped with a warning', async () => {
  const broken = await executable(path.join(home, 'path'), '#!/bin/sh\necho "wrong architecture" >&2; exit 126\n');
  const own = await executable(path.join(home, 'bin'), WORKING);
  expect(await findTemporalCli({ env: { PATH: path.dirname(broken) }, home, log, downloads: [] })).toBe(own);
  expect(messages.join()).toContain('wrong architecture');
});

test('without any copy the first download that works is kept for later', async () => {
  const first = await findTemporalCli({ env: noPath, home, log, downloads: [refused, served(WORKING)] });
  expect(first).toBe(path.join(home, 'bin', 'temporal'));
  expect(await findTemporalCli({ env: noPath, home, log, downloads: [] })).toBe(first);
  expect(await readdir(path.join(home, 'bin'))).toEqual(['temporal']);
});

test('a damaged copy is replaced by a fresh download', async () => {
  const own = await executable(path.join(home, 'bin'), WORKING.slice(0, 12));
  expect(await findTemporalCli({ env: noPath, home, log, downloads: [served(WORKING)] })).toBe(own);
  expect(await readFile(own, 'utf8')).toBe(WORKING);
});

test('a download that does not answer --version is deleted, and the error states what was tried and what to do', async () => {
  const cutOff = served('\u007fELF half a file');
  const attempt = findTemporalCli({ env: noPath, home, log, downloads: [refused, cutOff] });
  await expect(attempt).rejects.toMatchObject({ type: 'SourceUnavailable', message: expect.stringContaining('a dead mirror: no network') });
  await expect(attempt).rejects.toThrow(/a mirror: the downloaded file .*set TEMPORAL_CLI/s);
  expect(await readdir(path.join(home, 'bin'))).toEqual([]);
});

test('a file that fails is named as another program or as one that does not run, and old leftovers of downloads are removed', async () => {
  const bin = path.join(home, 'bin');
  for (const [name, hours] of [
    ['download-old', 2],
    ['download-new', 0],
    ['kept', 2],
  ] as const) {
    await mkdir(path.join(bin, name), { recursive: true });
    const changed = Date.now() / 1_000 - hours * 3_600;
    await utimes(path.join(bin, name), changed, changed);
  }
  const other = served('#!/bin/sh\necho other 1.0\n');
  const failing = served('#!/bin/sh\necho temporal version 1.9.1\nexit 3\n');
  const attempt = findTemporalCli({ env: noPath, home, log, downloads: [other, failing] });
  await expect(attempt).rejects.toThrow(/the downloaded file is not the Temporal CLI; .*the downloaded file does not run/);
  expect((await readdir(bin)).sort()).toEqual(['download-new', 'kept']);
});

test('two processes that download at once both end with a complete copy', async () => {
  const find = () => findTemporalCli({ env: noPath, home, log, downloads: [served(WORKING)] });
  const [one, other] = await Promise.all([find(), find()]);
  expect(one).toBe(other);
  expect(await readFile(one, 'utf8')).toBe(WORKING);
  expect(await readdir(path.join(home, 'bin'))).toEqual(['temporal']);
});

test('Temporal’s own download is requested for this platform, and its archive is unpacked', async () => {
  await executable(path.join(home, 'archive'), WORKING);
  await runCommand('tar', ['-czf', path.join(home, 'cli.tar.gz'), '-C', path.join(home, 'archive'), 'temporal'], { timeoutMs: 10_000 });
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const archiveUrl = `http://${request.headers.host}/cli.tar.gz`;
    if (request.url === '/cli.tar.gz') void readFile(path.join(home, 'cli.tar.gz')).then((archive) => response.end(archive));
    else response.end(JSON.stringify({ archiveUrl, fileToExtract: 'temporal' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  try {
    const expected = createHash('sha256').update(WORKING).digest('hex');
    const from = (hash: string) => ({ env: { PATH: '' }, home, log, downloads: [temporalDownload(`http://127.0.0.1:${port}`, hash)] });
    await expect(findTemporalCli(from('0'.repeat(64)))).rejects.toThrow(
      /the downloaded file is not the expected one \(SHA-256 [0-9a-f]{16}…/,
    );
    expect(await readdir(path.join(home, 'bin'))).toEqual([]);
    const own = await findTemporalCli(from(expected));
    expect(await readFile(own, 'utf8')).toBe(WORKING);
    expect(asked[0]).toMatch(/^\/cli\/v1\.9\.1\?arch=(amd64|arm64)&platform=\w+&format=json$/);
  } finally {
    server.close();
  }
});
