import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { messageOf } from '../../contracts/errors.ts';
import type { Log } from '../../contracts/log.ts';
import { holdLock } from '../../processes/lock-file.ts';
import { isPartial, writeFileAtomically } from '../write/write-output.ts';
import type { ArtifactStore } from './artifact-store.ts';

/** The files that were sent from a home folder. The folder holds this record as `artifacts-sent.json`. */
interface SentRecord {
  readonly url: string;
  /** The folder of the daily backups; absent where none are written. */
  readonly backups?: string;
  /** Size and time of each file as it was sent, by its name in the store. */
  readonly sent: Readonly<Record<string, string>>;
}

/** Number of files that may fail in one pass before it ends, because the store is probably down or refuses the key. */
const MAX_FAILURES = 3;

interface WaitingFile {
  readonly name: string;
  readonly file: string;
  /** The file's size and the time of its last change. */
  readonly state: string;
}

export interface ArtifactSenderOptions {
  readonly store: ArtifactStore;
  /** The home folder (`PREDICTLAB_HOME`). */
  readonly home: string;
  /** The folder of the daily backups; undefined where none are written. */
  readonly backupFolder: () => Promise<string | undefined>;
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** Milliseconds between two passes. @default 20 s */
  readonly everyMs?: number;
  /** Milliseconds that `close` waits for the last pass. @default 5 s */
  readonly closeWithinMs?: number;
}

/**
 * Sends new and changed files of a home folder to the store, every 20 s and at the end. Files stay where they are: while the store is down
 * nothing is lost, and the next pass sends the waiting files.
 */
export class ArtifactSender {
  readonly #options: ArtifactSenderOptions;
  readonly #timer: NodeJS.Timeout;
  #passing: Promise<void> | undefined;
  #isDown = false;

  constructor(options: ArtifactSenderOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.pass(), options.everyMs ?? 20_000).unref();
  }

  /** Sends all files that are new or changed. A failure is logged once until the store answers again. */
  pass(): Promise<void> {
    this.#passing ??= this.#send().finally(() => {
      this.#passing = undefined;
    });
    return this.#passing;
  }

  /** Sends the remaining files, for a few seconds at most, because a stalled store must not delay the end of the worker. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    const late = setTimeout(() => this.#options.store.close(), this.#options.closeWithinMs ?? 5_000);
    await this.#passing;
    await this.pass();
    clearTimeout(late);
  }

  async #send(): Promise<void> {
    const { store, home, log } = this.#options;
    // Without the lock, another worker of this home is sending.
    const lock = holdLock(path.join(home, 'artifacts.lock'));
    if (lock === undefined) return;
    try {
      const backups = await this.#options.backupFolder();
      const { files, waiting } = await look(home, store.url, backups);
      const sent = new Map(files.map(({ name, state }) => [name, state]));
      for (const { name } of waiting) sent.delete(name);
      const failures: unknown[] = [];
      for (const { name, file, state } of waiting) {
        // A single failure, such as that of a file that was pruned meanwhile, does not stop the others.
        if (failures.length === MAX_FAILURES) break;
        await store.put(name, file).then(
          () => sent.set(name, state),
          (error: unknown) => failures.push(error),
        );
      }
      const record: SentRecord = { url: store.url, ...(backups === undefined ? {} : { backups }), sent: Object.fromEntries(sent) };
      if (waiting.length > 0) await writeFileAtomically(recordFile(home), [JSON.stringify(record)], { mode: 0o600, durable: false });
      if (failures.length > 0) throw failures[0];
      if (this.#isDown) log.info('the artifact store takes files again', { store: store.url, sent: waiting.length });
      this.#isDown = false;
    } catch (error) {
      if (!this.#isDown)
        log.warn('files were not sent to the artifact store; they stay here and are sent later', { error: messageOf(error) });
      this.#isDown = true;
    } finally {
      await lock.close();
    }
  }
}

/** Files of a home folder that were not sent to the store since they last changed. */
export async function waitingArtifacts(home: string, url: string): Promise<readonly WaitingFile[]> {
  const { backups } = await recordOf(home);
  return (await look(home, url, backups)).waiting;
}

async function look(
  home: string,
  url: string,
  backups: string | undefined,
): Promise<{ readonly files: readonly WaitingFile[]; readonly waiting: readonly WaitingFile[] }> {
  const record = await recordOf(home);
  const sent = record.url === url ? record.sent : {};
  const files = [
    ...(await filesUnder('reports', path.join(home, 'reports'))),
    ...(await filesUnder('logs/runs', path.join(home, 'logs', 'runs'))),
    ...(backups === undefined ? [] : (await filesUnder('backups', backups)).filter(({ name }) => name.endsWith('.backup'))),
  ];
  return { files, waiting: files.filter(({ name, state }) => sent[name] !== state) };
}

async function filesUnder(name: string, folder: string): Promise<readonly WaitingFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(noneWhereAbsent);
  const found: WaitingFile[] = [];
  for (const entry of entries) {
    if (!entry.isFile() || isPartial(entry.name)) continue;
    const file = path.join(entry.parentPath, entry.name);
    // A page or log that was pruned after it had been listed is left out.
    const info = await stat(file).catch(() => undefined);
    if (info === undefined) continue;
    found.push({ name: `${name}/${path.relative(folder, file).split(path.sep).join('/')}`, file, state: `${info.size} ${info.mtimeMs}` });
  }
  return found;
}

function noneWhereAbsent(error: unknown): [] {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
  throw error;
}

const recordFile = (home: string): string => path.join(home, 'artifacts-sent.json');

/** Reads the record of sent files. Without a valid record everything is sent again, which changes nothing in the store. */
async function recordOf(home: string): Promise<Partial<SentRecord> & Pick<SentRecord, 'sent'>> {
  try {
    const record = JSON.parse(await readFile(recordFile(home), 'utf8')) as Partial<SentRecord>;
    return { ...record, sent: record.sent ?? {} };
  } catch {
    return { sent: {} };
  }
}
