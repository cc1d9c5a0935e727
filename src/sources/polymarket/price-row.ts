import { DAY_MS } from '../../contracts/words.ts';
import type { ReadRow } from '../candidate.ts';
import { readNumber, readTime } from '../catalogue/scalars.ts';
import { isObject } from '../catalogue/schema-drift.ts';

const DAY_SECONDS = DAY_MS / 1000;

/** Reads one price point. What cannot be read becomes null, and `defect` says why. */
export function readPoint(row: unknown): ReadRow {
  const point = isObject(row) ? row : {};
  const time = readTime(point.timestamp);
  const price = readNumber(point.price);
  const grain = readNumber(point.resolution_seconds).value;
  return {
    kind: 'price',
    time: time.value,
    price: price.value,
    size: null,
    side: null,
    outcome: null,
    tradeId: null,
    content: ['point', time.value, price.value],
    raw: JSON.stringify(row),
    defect: time.defect ?? price.defect,
    ...(isGrain(grain) && { grain }),
  };
}

/** Whether a number is a valid grain of a point, in seconds. */
const isGrain = (value: number | null): value is number => Number.isInteger(value) && Number(value) > 0 && Number(value) <= DAY_SECONDS;
