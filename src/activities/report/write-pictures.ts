import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { badInput, messageOf } from '../../contracts/errors.ts';
import { writeFileAtomically } from '../../files/write/write-output.ts';
import { makeFolder } from '../../processes/home-folder.ts';
import { type Picture, pictureSvg } from '../../report/pictures/picture.ts';
import { runPictures, symbolPictures } from '../../report/pictures/symbol-pictures.ts';
import type { Database } from '../../storage/database/database.ts';
import { ledgerTasks } from '../../storage/runs/run-rows.ts';
import { listedSymbols, loadRunPage } from './queries/run-query.ts';
import { loadSymbolPage } from './queries/symbol-query.ts';
import { endedRun } from './run-report.ts';

export interface PicturesRequest {
  readonly database: Database;
  /** The run's workflow id or its execution's Temporal run id; it has ended. */
  readonly executionId: string;
  /** Folder for the pictures; it is created if it does not exist. */
  readonly folder: string;
  readonly format: 'png' | 'svg';
}

/** Pixels per unit of the drawing, so that it is sharp on a screen of double density. */
const ZOOM = 2;
const FONT_FILE = fileURLToPath(new URL('../../report/pictures/dejavu-sans.ttf', import.meta.url));

/**
 * Writes every chart of a run (`run-time.png`, `BTC_PRICE-candles-1h.png`), the same bytes on every machine; returns the files' names.
 * @throws PredictLabError BadInput when there is no such run, it has not ended, or the folder cannot be written to
 */
export async function writePictures({ database, executionId, folder, format }: PicturesRequest): Promise<readonly string[]> {
  if (folder.trim() === '') throw badInput(`--${format} needs the name of a folder; it was empty`);
  const run = await endedRun(database, executionId);
  const tasks = await ledgerTasks(database, { executionId: run.executionId, symbols: listedSymbols(run) });
  const data = await loadRunPage(database, run, tasks, { symbolHref: () => null, runHref: async () => null, temporalUrl: null });
  const render = format === 'png' ? await pngRenderer() : pictureSvg;
  await openFolder(folder);
  const names: string[] = [];
  const write = async (pictures: readonly Picture[]): Promise<void> => {
    for (const picture of pictures) {
      const name = `${picture.name}.${format}`;
      await writeFileAtomically(path.join(folder, name), [render(picture)], { durable: false });
      names.push(name);
    }
  };
  await write(runPictures(data));
  for (const { symbol } of run.config.symbols)
    await write(symbolPictures(await loadSymbolPage(database, { ...run, symbol, settings: run.config })));
  return names;
}

async function openFolder(folder: string): Promise<void> {
  try {
    await makeFolder(folder);
  } catch (error) {
    throw badInput(`pictures cannot be written to ${folder}: ${messageOf(error)}; name a folder that this user may write to`, {
      cause: error,
    });
  }
}

/** Returns a function that draws a picture as PNG, with the shipped font only, so that the machine's fonts have no effect. */
async function pngRenderer(): Promise<(picture: Picture) => Uint8Array> {
  const { Resvg } = await import('@resvg/resvg-js');
  const font = { loadSystemFonts: false, fontFiles: [FONT_FILE], defaultFontFamily: 'DejaVu Sans' };
  return (picture) => new Resvg(pictureSvg(picture), { font, fitTo: { mode: 'zoom', value: ZOOM } }).render().asPng();
}
