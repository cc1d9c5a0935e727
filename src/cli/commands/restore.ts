import path from 'node:path';
import type { Command } from 'commander';
import { homeFolder } from '../../processes/home-folder.ts';
import { restoreBackup } from '../../storage/backup/restore.ts';
import { printJson, printLine } from '../terminal/print.ts';
import { useDatabase } from '../terminal/session.ts';

/** Adds `predictlab restore`. */
export function registerRestore(program: Command): void {
  program
    .command('restore')
    .description(
      'Puts back what `predictlab backup` wrote. The database must be empty unless --replace is given, and no worker may be connected. Everything is read back and compared; when anything is wrong, the database stays as it was.',
    )
    .argument('<file>', 'a file that `predictlab backup` wrote')
    .option('--replace', 'throw away what the database holds')
    .option('--json', 'print { tables, reports }')
    .action(runRestore);
}

async function runRestore(file: string, { replace = false, json }: { readonly replace?: boolean; readonly json?: boolean }): Promise<void> {
  const reports = path.join(homeFolder(process.env), 'reports');
  const { tables, reports: pages } = await useDatabase((database) => restoreBackup(database, path.resolve(file), { reports, replace }));
  if (json) {
    printJson({ tables, reports: pages });
    return;
  }
  const rows = Object.values(tables).reduce((sum, count) => sum + count, 0);
  printLine(`${rows.toLocaleString('en')} rows of ${Object.keys(tables).length} tables and ${pages} report files are back, verified`);
}
