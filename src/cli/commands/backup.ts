import { existsSync } from 'node:fs';
import { mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import { fileTrouble, messageOf } from '../../contracts/errors.ts';
import { type ArtifactStore, artifactStoreOf } from '../../files/store/artifact-store.ts';
import { homeFolder } from '../../processes/home-folder.ts';
import { writeBackup } from '../../storage/backup/backup.ts';
import { restoreBackup } from '../../storage/backup/restore.ts';
import { checkTarget } from '../options/output-target.ts';
import { note, printAnswer, usageError } from '../terminal/print.ts';
import { useDatabase, useStoredData } from '../terminal/session.ts';

const HELP = `
The file holds every table as of one instant, and the report pages. Workers may keep running. The file is read back and checked before it
gets its name, so a file of that name is always complete. Where
ARTIFACTS_URL is set, a copy is sent there as backups/<file name>. Schedules are stored in Temporal: save them with \`predictlab schedule show --json\`.`;

/** Registers `predictlab backup` and `predictlab restore`. */
export default function register(command: Command): void {
  if (command.name() === 'backup')
    command
      .description('Writes all data, the symbol catalogue and the reports into one file, and checks it.')
      .argument('<file>', 'the file to write')
      .option('--json', 'print { path, bytes, tables, reports }')
      .addHelpText('after', HELP)
      .action(backup);
  else
    command
      .description(
        'Restores a file of `predictlab backup`. The database must be empty unless --replace is given, and no worker may be connected. Everything is read back and compared; when anything differs, the database stays unchanged.',
      )
      .argument('<file>', 'a file that `predictlab backup` wrote; where ARTIFACTS_URL is set, also the name of a backup in the store')
      .option('--replace', 'delete the present content of the database first')
      .option('--json', 'print { tables, reports }')
      .action(restore);
}

const reportFolder = (): string => path.join(homeFolder(process.env), 'reports');

async function backup(file: string, { json }: { readonly json?: boolean }): Promise<void> {
  await checkTarget('backup', file);
  const store = artifactStoreOf(process.env);
  const target = path.resolve(file);
  const { tables, reports } = await useStoredData((database) => writeBackup(database, target, { reports: reportFolder() }));
  const written = await stat(target);
  if ((tables.instruments ?? 0) + (tables.runs ?? 0) === 0)
    note(
      'the database holds no market and no run: this backup has nothing in it but settings; PREDICTLAB_HOME or DATABASE_URL name another one',
    );
  if (store !== undefined && written.isFile())
    await store.put(`backups/${path.basename(target)}`, target).catch((error: unknown) => {
      note(`${target} is written, but no copy was sent: ${messageOf(error)}; run this command again when the store answers`);
    });
  const said = `${target}: ${countsOf(tables, reports)}${written.isFile() ? ', verified' : ''}`;
  printAnswer(json, { path: target, bytes: written.size, tables, reports }, said);
}

async function restore(file: string, { replace = false, json }: { readonly replace?: boolean; readonly json?: boolean }): Promise<void> {
  const fetched = await fetchedBackup(file);
  try {
    const source = fetched ?? file;
    await checkSource(source);
    const { tables, reports } = await useDatabase((database) =>
      restoreBackup(database, path.resolve(source), { reports: reportFolder(), replace }),
    );
    printAnswer(json, { tables, reports }, `${countsOf(tables, reports)} restored, verified`);
  } finally {
    if (fetched !== undefined) await rm(path.dirname(fetched), { recursive: true, force: true });
  }
}

/** Fetches a backup from the artifact store. @returns its file; undefined if there is no store, or if the file is on this machine */
async function fetchedBackup(file: string): Promise<string | undefined> {
  const store = artifactStoreOf(process.env);
  if (store === undefined || existsSync(file)) return undefined;
  const folder = await mkdtemp(path.join(tmpdir(), 'predictlab-restore-'));
  const target = path.join(folder, 'fetched.backup');
  try {
    if (await store.fetch(`backups/${path.basename(file)}`, target)) return target;
    throw usageError(`restore ${file}: neither here nor in the store; ${await storedBackups(store)}`);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Maximum number of backups that an error names; the newest have the last names. */
const NAMED_BACKUPS = 5;

async function storedBackups(store: ArtifactStore): Promise<string> {
  const names = (await store.list('backups/')).map((name) => name.slice('backups/'.length));
  if (names.length === 0) return `${store.url} has no backups`;
  return `${store.url} has ${names.slice(-NAMED_BACKUPS).join(', ')}${names.length > NAMED_BACKUPS ? ` and ${names.length - NAMED_BACKUPS} older` : ''}`;
}

function countsOf(tables: Readonly<Record<string, number>>, reports: number): string {
  const rows = Object.values(tables).reduce((sum, count) => sum + count, 0);
  return `${rows.toLocaleString('en')} rows of ${Object.keys(tables).length} tables and ${reports} report files`;
}

/** The first bytes of a backup, which is a gzip file. */
const GZIP = Buffer.from([0x1f, 0x8b]);

/** Checks the file before the database is opened. @throws ExitError 2 */
async function checkSource(file: string): Promise<void> {
  const refused = (why: string) => usageError(`restore ${file}: ${why}; give the file that \`predictlab backup\` wrote`);
  const there = await stat(file).catch((error: unknown) => fileTrouble(error));
  if (typeof there === 'string') throw refused(there);
  if (there.isDirectory()) throw refused('it is a folder');
  if (!there.isFile()) return;
  const handle = await open(file);
  try {
    const { buffer } = await handle.read(Buffer.alloc(GZIP.length), 0, GZIP.length, 0);
    if (!buffer.equals(GZIP)) throw refused('it is not a PredictLab backup');
  } finally {
    await handle.close();
  }
}
