import { describe, expect, it } from 'vitest';
import { clockOf, exhaustedMs, waitHintMs } from '../../src/sources/http/wait-hint.ts';

const NOW = Date.UTC(2026, 5, 10, 12);

describe('the wait that a venue requests', () => {
  it.each([
    ['seconds', { 'retry-after': '12' }, 12_000],
    ['an HTTP date', { 'retry-after': new Date(NOW + 30_000).toUTCString() }, 30_000],
    ['a date that has passed', { 'retry-after': new Date(NOW - 30_000).toUTCString() }, 0],
    ['the reset of the limit that refused', { 'ratelimit-reset': '7' }, 7000],
    ['a day, of which we take an hour', { 'retry-after': '86400' }, 3_600_000],
    ['a day and more, of which we take an hour', { 'retry-after': '99999' }, 3_600_000],
    ['more digits than any wait has', { 'retry-after': '9'.repeat(400) }, 3_600_000],
    ['an ISO date', { 'retry-after': new Date(NOW + 30_000).toISOString() }, 30_000],
    ['an ISO date without a zone as UTC', { 'retry-after': '2026-06-10T12:00:30' }, 30_000],
    [
      'a date by the clock of the venue that names it',
      { 'retry-after': 'Wed, 10 Jun 2026 11:00:20 GMT', date: 'Wed, 10 Jun 2026 11:00:00 GMT' },
      20_000,
    ],
    ['a date years away as an hour', { 'retry-after': '2126-06-10T12:00:00Z' }, 3_600_000],
    ['epoch seconds', { 'retry-after': String(NOW / 1000 + 15) }, 15_000],
    ['a reset in epoch seconds', { 'ratelimit-reset': String(NOW / 1000 + 15) }, 15_000],
    ['words that some parser takes for a date as nothing', { 'retry-after': 'in 5 minutes' }, undefined],
    ['nonsense', { 'retry-after': 'soon' }, undefined],
    ['nothing', {}, undefined],
  ])('is read from %s', (_, headers, wait) => {
    expect(waitHintMs(429, headers, NOW)).toBe(wait);
  });

  it('is not read from the limit’s reset on a 503, since every answer has that', () => {
    expect(waitHintMs(503, { 'ratelimit-reset': '36' }, NOW)).toBeUndefined();
    expect(waitHintMs(503, { 'ratelimit-reset': '36', 'retry-after': '2' }, NOW)).toBe(2000);
  });

  it('follows an answer that used up the limit', () => {
    expect(exhaustedMs({ 'ratelimit-remaining': '0', 'ratelimit-reset': '9' }, NOW)).toBe(9000);
    expect(exhaustedMs({ 'ratelimit-remaining': '1', 'ratelimit-reset': '9' }, NOW)).toBeUndefined();
  });
});

describe('the venue’s clock at an answer', () => {
  const date = new Date(NOW - 5000).toUTCString();

  it.each([
    ['its date', { date }, NOW - 5000],
    ['its date less the age of a cached answer', { date, age: '120' }, NOW - 125_000],
    ['its date, where the age is longer than any cache keeps an answer', { date, age: '999999' }, NOW - 5000],
    ['its date, where the age is not a number', { date, age: '-3' }, NOW - 5000],
    ['ours without a date, less the age', { age: '60' }, NOW - 60_000],
  ])('is %s', (_, headers, clock) => {
    expect(clockOf(headers, NOW)).toBe(clock);
  });
});
