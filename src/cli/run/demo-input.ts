import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { CatalogueEntry } from '../../contracts/catalogue.ts';
import type { Log } from '../../contracts/log.ts';
import { makeFolder, PASSAGE_MODE } from '../../processes/home-folder.ts';
import { readDemoData } from '../../set-up/demo-data.ts';
import { parseCatalogue } from '../../sources/catalogue/parse-catalogue.ts';
import { parseColumns } from '../options/column-options.ts';

/** The data a demo runs on. */
export interface DemoInput {
  /** A folder of its own under PREDICTLAB_HOME: generated trades must not mix with collected ones. */
  readonly home: string;
  /** The symbols to run; other symbols of the user's are left alone. */
  readonly entries: readonly CatalogueEntry[];
  /** More options for `predictlab run`. */
  readonly runOptions: readonly string[];
  readonly venue?: () => Promise<{ readonly environment: Readonly<Record<string, string>>; close(): Promise<void> }>;
}

/** The sandbox venue with its generated markets. */
export async function sandboxInput(home: string): Promise<DemoInput> {
  const catalogue = new URL('../../../sandbox/catalogue.json', import.meta.url);
  return {
    home: path.join(home, 'demo'),
    entries: parseCatalogue(JSON.parse(await readFile(catalogue, 'utf8')), 'the sandbox catalogue'),
    runOptions: [],
    // loaded here: deployments do not contain the sandbox
    venue: async () => await (await import('../../../sandbox/venue.ts')).startSandboxVenue(),
  };
}

/** The user's CSV files, one symbol per file, named after the file. */
export async function dataInput(
  home: string,
  folder: string,
  options: { columns?: string; firstOutcome?: string },
  log: Pick<Log, 'warn'>,
): Promise<DemoInput> {
  const { entries, asOf, daysBack } = await readDemoData({
    folder,
    ...(options.columns === undefined ? {} : { columns: await parseColumns(options.columns) }),
    firstOutcome: options.firstOutcome,
    now: Date.now(),
    skip: (message) => log.warn(message),
  });
  const own = path.join(home, 'demo-data');
  await makeFolder(own, PASSAGE_MODE);
  const window = ['--as-of', new Date(asOf).toISOString(), '--days', String(daysBack)];
  return { home: own, entries, runOptions: ['--sources', 'file', ...window] };
}
