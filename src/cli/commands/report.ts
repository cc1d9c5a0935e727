import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { writeRunReport } from '../../activities/report/run-report.ts';
import { PredictLabError } from '../../contracts/errors.ts';
import { homeFolder } from '../../processes/home-folder.ts';
import { reportFolderName, runReportPath } from '../../report/elements/report-path.ts';
import { hasEnded, runOf } from '../../storage/runs/runs.ts';
import { recordedEnd } from '../../watch/records/record-end.ts';
import { openInBrowser } from '../terminal/open-in-browser.ts';
import { note, printJson, printLine } from '../terminal/print.ts';
import { useStoredData, withPredictLab } from '../terminal/session.ts';

interface Options {
  readonly open?: boolean;
  readonly png?: string;
  readonly svg?: string;
  readonly json?: boolean;
}

/** Registers `predictlab report`. */
export default function register(command: Command): void {
  command
    .description(
      'Prints the path of a run’s report, a page that needs no server and no network. A report that is not on this machine (another worker wrote it, or the run was terminated) is written from the database.',
    )
    .option('--open', 'open it in the browser')
    .option('--png <folder>', 'write every chart as a PNG file into this folder')
    .option('--svg <folder>', 'write every chart as an SVG file into this folder')
    .option('--json', 'print { path } as JSON, with charts also their file names')
    .action(async (run: string, { open, json, ...folders }: Options) => {
      const page = await reportOf(run, homeFolder(process.env));
      const pictures = await picturesOf(run, folders);
      if (json) printJson({ path: page, ...(pictures && { pictures }) });
      else for (const line of [page, ...(pictures ?? [])]) printLine(line);
      if (open && !(await openInBrowser(page))) note(`no browser could be started; open ${page} by hand`);
    });
}

/** Writes the requested charts. @returns their files; undefined when none are requested */
async function picturesOf(run: string, folders: Pick<Options, 'png' | 'svg'>): Promise<readonly string[] | undefined> {
  if (folders.png === undefined && folders.svg === undefined) return undefined;
  const files: string[] = [];
  for (const format of ['png', 'svg'] as const) {
    const folder = folders[format];
    if (folder === undefined) continue;
    const { writePictures } = await import('../../activities/report/write-pictures.ts');
    const names = await useStoredData((database) => writePictures({ database, executionId: run, folder, format }));
    files.push(...names.map((name) => path.join(folder, name)));
  }
  return files;
}

/** The path of a run's page, which is written when it does not exist. Opens the database only then, or when the id was used again. */
async function reportOf(run: string, home: string): Promise<string> {
  const page = runReportPath(home, run);
  if ((await isComplete(page)) && !(await wasUsedAgain(home, run))) return page;
  return await useStoredData(async (database) => {
    const stored = await runOf(database, run);
    // If Temporal does not answer, the run counts as open, and the report's error refers to `status`, which says what is wrong.
    if (stored?.status === null) await withPredictLab((lab) => recordedEnd(lab, database, stored)).catch(ignoreUnavailable);
    if (stored !== undefined) {
      const place = runReportPath(home, stored);
      if (await isComplete(place)) return place;
      if (existsSync(place) && !(await hasEnded(database, stored.executionId))) {
        note(`run ${stored.runId} is open: the page shows its state at the end of one of its last tasks`);
        return place;
      }
    }
    return (await writeRunReport({ database, home, executionId: stored?.executionId ?? run })).path;
  });
}

/** Whether a page exists and shows its run's end: the title of an open run's page begins with `running`. */
async function isComplete(file: string): Promise<boolean> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text !== undefined && !text.includes('<title>running: ');
}

/** Whether a later run with the same id has pages here. */
async function wasUsedAgain(home: string, run: string): Promise<boolean> {
  const folders = await readdir(path.join(home, 'reports')).catch(() => []);
  return folders.some((name) => name.startsWith(`${reportFolderName(run)}@`));
}

function ignoreUnavailable(error: unknown): void {
  if (!(error instanceof PredictLabError)) throw error;
}
