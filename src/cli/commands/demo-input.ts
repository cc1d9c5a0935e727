import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Log } from '../../contracts/log.ts';
import { writeFileAtomically } from '../../files/write/write-output.ts';
import { makeFolder } from '../../processes/make-folder.ts';
import { PASSAGE_MODE } from '../../processes/private-folder.ts';
import { readDemoData } from '../../set-up/demo-data.ts';
import { parseColumns } from '../options/column-options.ts';

/** What a demo runs on. */
export interface DemoInput {
  /** Its own part of PREDICTLAB_HOME: made-up trades must not mix with collected ones. */
  readonly home: string;
  readonly catalogue: string;
  /** Options of `predictlab run`. */
  readonly runOptions: readonly string[];
  readonly venue?: () => Promise<{ readonly environment: Readonly<Record<string, string>>; close(): Promise<void> }>;
}

/** The sandbox's made-up markets. */
export function sandboxInput(home: string): DemoInput {
  return {
    home: path.join(home, 'demo'),
    catalogue: fileURLToPath(new URL('../../../sandbox/catalogue.json', import.meta.url)),
    runOptions: [],
    // only the demo needs it, and it is not part of what users deploy
    venue: async () => await (await import('../../../sandbox/venue.ts')).startSandboxVenue(),
  };
}

/** The user's CSV files, each a symbol of its own name. */
export async function dataInput(
  home: string,
  folder: string,
  options: { columns?: string; firstOutcome?: string },
  log: Pick<Log, 'warn'>,
): Promise<DemoInput> {
  const { entries, asOf, daysBack } = await readDemoData({
    folder,
    ...(options.columns === undefined ? {} : { columns: parseColumns(options.columns) }),
    firstOutcome: options.firstOutcome,
    now: Date.now(),
    skip: (message) => log.warn(message),
  });
  const own = path.join(home, 'demo-data');
  const catalogue = path.join(own, 'catalogue.json');
  await makeFolder(own, PASSAGE_MODE);
  await writeFileAtomically(catalogue, [JSON.stringify(entries, null, 2)]);
  const window = ['--as-of', new Date(asOf).toISOString(), '--days', String(daysBack)];
  return { home: own, catalogue, runOptions: ['--sources', 'file', ...window] };
}
