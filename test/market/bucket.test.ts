import { expect, it } from 'vitest';
import { INTERVAL_MS, INTERVALS } from '../../src/contracts/words.ts';
import { bucketStart } from '../../src/market/candles/bucket.ts';

it('weekly buckets start on Monday, UTC', () => {
  const monday = Date.parse('2026-11-23T00:00:00Z');
  expect(new Date(monday).getUTCDay()).toBe(1);
  for (const time of ['2026-11-23T00:00:00Z', '2026-11-25T12:00:00Z', '2026-11-29T23:59:59.999Z'])
    expect(bucketStart(Date.parse(time), '1w')).toBe(monday);
  expect(bucketStart(monday - 1, '1w')).toBe(Date.parse('2026-11-16T00:00:00Z'));
});

it('four-hour and daily buckets start at midnight UTC', () => {
  const time = Date.parse('2026-11-24T10:38:28.123Z');
  expect(new Date(bucketStart(time, '4h')).toISOString()).toBe('2026-11-24T08:00:00.000Z');
  expect(new Date(bucketStart(time, '1d')).toISOString()).toBe('2026-11-24T00:00:00.000Z');
});

it('every time lies in its bucket, also before 1970', () => {
  for (const interval of INTERVALS) {
    for (const time of [0, -1, 1, 1_700_000_000_000, -12_345_678_901]) {
      const start = bucketStart(time, interval);
      expect(start <= time && time < start + INTERVAL_MS[interval]).toBe(true);
      expect(bucketStart(start, interval)).toBe(start);
    }
  }
});
