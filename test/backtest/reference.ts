import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { bars } from './series.ts';

const FOLDER = path.resolve(import.meta.dirname, '../../../shared/reference');

/** Whether the published cases are here; they are not part of the repository (no licence to copy them). */
export const HAS_REFERENCE = existsSync(FOLDER);
export const WITHOUT_REFERENCE = HAS_REFERENCE ? '' : ' (skipped: ../shared/reference is not here)';

export const referenceText = (name: string): string => readFileSync(path.join(FOLDER, name), 'utf8');
export const referenceJson = (name: string): unknown => JSON.parse(referenceText(name));

/** Rows of a CSV without its header. */
export const referenceRows = (name: string): string[][] =>
  referenceText(name)
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(','));

/** Daily bars `date,open,high,low,close,volume`; the dates need not be evenly spaced. */
export function referenceBars(name: string): ReturnType<typeof bars> {
  const rows = referenceRows(name);
  const series = bars(rows.map((row) => row.slice(1).map(Number)));
  return { ...series, openTime: Float64Array.from(rows, ([date]) => Date.parse(`${date}T00:00:00Z`)) };
}

/** Largest relative difference of two columns; infinite when one has a value where the other has none. */
export function largestDifference(ours: ArrayLike<number>, theirs: ArrayLike<number | null>): number {
  if (ours.length !== theirs.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < ours.length; i++) {
    const expected = theirs[i] ?? Number.NaN;
    if (Number.isNaN(ours[i]) !== Number.isNaN(expected)) return Number.POSITIVE_INFINITY;
    if (!Number.isNaN(expected)) largest = Math.max(largest, Math.abs(ours[i] - expected) / Math.max(Math.abs(expected), 1e-12));
  }
  return largest;
}
