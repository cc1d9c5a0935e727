import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ROOT } from '../set-up/project.mjs';

/** Where the published cases lie, beside the repository. */
export const REFERENCE = path.resolve(ROOT, '../shared/reference');

const bytes = (name) => readFileSync(path.join(REFERENCE, name));
export const json = (name) => JSON.parse(name.endsWith('.gz') ? gunzipSync(bytes(name)) : bytes(name));

/** Rows of a CSV below its header, as text. */
export const rows = (name) =>
  bytes(name)
    .toString()
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(','));

/** Candles `date,open,high,low,close,volume` as the engine takes them. */
export function candles(name) {
  const lines = rows(name);
  const column = (at) => Float64Array.from(lines, (line) => Number(line[at]));
  const openTime = Float64Array.from(lines, ([date]) => Date.parse(`${date}T00:00:00Z`));
  return { length: lines.length, openTime, open: column(1), high: column(2), low: column(3), close: column(4), volume: column(5) };
}

/** A module of the built project. */
export const built = async (module) => await import(path.join(ROOT, 'dist/src', module));
