import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Log } from '../../contracts/log.ts';

let library: Promise<string | null> | undefined;

/** The text of the chart library that pages carry inside; read once. Without it pages have their still pictures only. */
export const chartLibrary = (log?: Log): Promise<string | null> => {
  library ??= readLibrary(log);
  return library;
};

const readLibrary = async (log: Log | undefined): Promise<string | null> => {
  try {
    const folder = path.dirname(createRequire(import.meta.url).resolve('lightweight-charts/package.json'));
    return await readFile(path.join(folder, 'dist', 'lightweight-charts.standalone.production.js'), 'utf8');
  } catch (error) {
    log?.warn('lightweight-charts is not installed: pages have still pictures only', { error: String(error) });
    return null;
  }
};
