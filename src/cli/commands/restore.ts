import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { fileTrouble } from '../../contracts/errors.ts';
import { homeFolder } from '../../processes/home-folder.ts';
import { restoreBackup } from '../../storage/backup/restore.ts';
import { usageError } from '../terminal/exit.ts';
import { printJson, printLine } from '../terminal/print.ts';
import { useDatabase } from '../terminal/session.ts';

/** Adds `predictlab restore`. */
export function registerRestore(program: Command): void {
  program
    .command('restore')
    .description(
      'Restores a file of `predictlab backup`. The database must be empty unless --replace is given, and no worker may be connected. Everything is read back and compared; when anything differs, the database stays unchanged.',
    )
    .argument('<file>', 'a file that `predictlab backup` wrote')
    .option('--replace', 'delete the present content of the database first')
    .option('--json', 'print { tables, reports }')
    .action(runRestore);
}

async function runRestore(file: string, { replace = false, json }: { readonly replace?: boolean; readonly json?: boolean }): Promise<void> {
  await checkSource(file);
  const reports = path.join(homeFolder(process.env), 'reports');
  const { tables, reports: pages } = await useDatabase((database) => restoreBackup(database, path.resolve(file), { reports, replace }));
  if (json) {
    printJson({ tables, reports: pages });
    return;
  }
  const rows = Object.values(tables).reduce((sum, count) => sum + count, 0);
  printLine(`${rows.toLocaleString('en')} rows of ${Object.keys(tables).length} tables and ${pages} report files restored, verified`);
}

/** Checks the file before the database is opened. @throws ExitError 2 */
async function checkSource(file: string): Promise<void> {
  const there = await stat(file).catch((error: unknown) => fileTrouble(error));
  if (typeof there === 'string') throw usageError(`restore ${file}: ${there}; give the file that \`predictlab backup\` wrote`);
  if (there.isDirectory()) throw usageError(`restore ${file}: it is a folder; give the file that \`predictlab backup\` wrote`);
  if (!there.isFile()) return;
  const handle = await open(file);
  try {
    const { buffer } = await handle.read(Buffer.alloc(GZIP.length), 0, GZIP.length, 0);
    if (!buffer.equals(GZIP))
      throw usageError(`restore ${file}: it is not a PredictLab backup; give the file that \`predictlab backup\` wrote`);
  } finally {
    await handle.close();
  }
}

/** The first bytes of a backup, which is a gzip file. */
const GZIP = Buffer.from([0x1f, 0x8b]);
