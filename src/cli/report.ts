import { access } from 'node:fs/promises';
import type { Command } from 'commander';
import { writeRunReport } from '../activities/run-report.ts';
import { runReportPath } from '../report/report-path.ts';
import { homeFolder } from '../set-up/home.ts';
import { openInBrowser } from './open-in-browser.ts';
import { note, printJson, printLine } from './print.ts';
import { withDatabase } from './session.ts';

export function registerReport(program: Command): void {
  program
    .command('report <run>')
    .summary('where the report of a run is')
    .description(
      'Prints the path of a run’s report, a page that needs no server and no network. When the report is not on this machine (another worker wrote it), it is made again from the database.',
    )
    .option('--open', 'open it in the browser')
    .option('--json', 'print { path } as JSON')
    .action(async (run: string, { open, json }: { open?: boolean; json?: boolean }) => {
      const path = await reportOf(run, homeFolder(process.env));
      if (json) printJson({ path });
      else printLine(path);
      if (open && !(await openInBrowser(path))) note(`no browser could be started; open ${path} by hand`);
    });
}

/** The path of a run's page; the page is made when it is not there. The database is asked only then. */
async function reportOf(run: string, home: string): Promise<string> {
  const path = runReportPath(home, run);
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (isThere) return path;
  return await withDatabase(async (database) => (await writeRunReport({ database, home, executionId: run })).path);
}
