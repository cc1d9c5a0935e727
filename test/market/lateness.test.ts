import { describe, expect, it } from 'vitest';
import { latenessAt, latenessFrom, MAX_LATENESS_MS, MIN_LATENESS_MS, rememberLateness } from '../../src/market/lateness.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;

describe('the lateness expected of a market’s rows', () => {
  it('is ten minutes until later rows are seen, then 1.5 times the observed lateness', () => {
    expect(latenessAt(undefined, 0)).toBe(MIN_LATENESS_MS);
    const seen = rememberLateness(undefined, 30 * MINUTE, DAY);
    expect(seen).toEqual({ ms: 45 * MINUTE, at: DAY });
    expect(latenessAt(seen, 2 * DAY)).toBe(45 * MINUTE);
  });

  it('is forgotten a week after it was last seen', () => {
    const SEEN = Date.parse('2026-03-01T00:00:00Z');
    const seen = { ms: 45 * MINUTE, at: SEEN };
    expect(latenessAt(seen, SEEN + 7 * DAY)).toBe(45 * MINUTE);
    expect(latenessAt(seen, SEEN + 8 * DAY)).toBe(MIN_LATENESS_MS);
    // rows that are as late as before keep it in memory
    expect(rememberLateness(seen, 30 * MINUTE, SEEN + 5 * DAY)).toEqual({ ms: 45 * MINUTE, at: SEEN + 5 * DAY });
  });

  it('is not lowered by rows that are less late', () => {
    const seen = { ms: 45 * MINUTE, at: 0 };
    expect(rememberLateness(seen, 12 * MINUTE, DAY)).toBe(seen);
    expect(rememberLateness(seen, 12 * MINUTE, 8 * DAY)).toEqual({ ms: 18 * MINUTE, at: 8 * DAY });
    expect(rememberLateness(undefined, 5 * MINUTE, 0)).toBeUndefined();
  });

  it('has a maximum', () => {
    expect(latenessFrom(5 * 3_600_000)).toBe(MAX_LATENESS_MS);
  });
});
