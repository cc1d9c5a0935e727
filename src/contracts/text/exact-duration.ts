import { DAY_MS } from '../words.ts';

const UNITS = [
  ['d', DAY_MS],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;

/** Writes milliseconds as an exact duration in the largest unit that divides them: 90,000 → `90s`, 3,600,000 → `1h`. */
export function exactDuration(milliseconds: number): string {
  const unit = UNITS.find(([, length]) => milliseconds >= length && milliseconds % length === 0);
  return unit === undefined ? `${milliseconds}ms` : `${milliseconds / unit[1]}${unit[0]}`;
}
