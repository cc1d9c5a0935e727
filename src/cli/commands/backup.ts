import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { homeFolder } from '../../processes/home-folder.ts';
import { writeBackup } from '../../storage/backup/backup.ts';
import { checkTarget } from '../options/output-target.ts';
import { note, printJson, printLine } from '../terminal/print.ts';
import { useStoredData } from '../terminal/session.ts';

const HELP = `
The file holds every table as of one instant, and the report pages. Workers may keep running. The file is read back and checked before it
gets its name, so a file of that name is always complete. Schedules are stored in Temporal: save them with \`predictlab schedule show --json\`.`;

/** Adds `predictlab backup`. */
export function registerBackup(program: Command): void {
  program
    .command('backup')
    .description('Writes all data, the symbol catalogue and the reports into one file, and checks it.')
    .argument('<file>', 'the file to write')
    .option('--json', 'print { path, bytes, tables, reports }')
    .addHelpText('after', HELP)
    .action(runBackup);
}

async function runBackup(file: string, { json }: { readonly json?: boolean }): Promise<void> {
  await checkTarget('backup', file);
  const target = path.resolve(file);
  const reports = path.join(homeFolder(process.env), 'reports');
  const { tables, reports: pages } = await useStoredData((database) => writeBackup(database, target, { reports }));
  const { size, isRegular } = await stat(target).then((info) => ({ size: info.size, isRegular: info.isFile() }));
  if ((tables.instruments ?? 0) + (tables.runs ?? 0) === 0)
    note(
      'the database holds no market and no run: this backup has nothing in it but settings; PREDICTLAB_HOME or DATABASE_URL name another one',
    );
  if (json) {
    printJson({ path: target, bytes: size, tables, reports: pages });
    return;
  }
  const rows = Object.values(tables).reduce((sum, count) => sum + count, 0);
  printLine(
    `${target}: ${rows.toLocaleString('en')} rows of ${Object.keys(tables).length} tables and ${pages} report files${isRegular ? ', verified' : ''}`,
  );
}
