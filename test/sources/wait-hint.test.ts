import { describe, expect, it } from 'vitest';
import { exhaustedMs, waitHintMs } from '../../src/sources/http/wait-hint.ts';

const NOW = Date.UTC(2026, 5, 10, 12);

describe('how long a venue wants us to wait', () => {
  it.each([
    ['seconds', { 'retry-after': '12' }, 12_000],
    ['an HTTP date', { 'retry-after': new Date(NOW + 30_000).toUTCString() }, 30_000],
    ['a date that has passed', { 'retry-after': new Date(NOW - 30_000).toUTCString() }, 0],
    ['the reset of the limit that refused', { 'ratelimit-reset': '7' }, 7000],
    ['a day, of which we take an hour', { 'retry-after': '86400' }, 3_600_000],
    ['nonsense', { 'retry-after': 'soon' }, undefined],
    ['nothing', {}, undefined],
  ])('reads %s', (_, headers, wait) => {
    expect(waitHintMs(429, headers, NOW)).toBe(wait);
  });

  it('does not take the reset on a 503 for a wait: it stands on every answer', () => {
    expect(waitHintMs(503, { 'ratelimit-reset': '36' }, NOW)).toBeUndefined();
    expect(waitHintMs(503, { 'ratelimit-reset': '36', 'retry-after': '2' }, NOW)).toBe(2000);
  });

  it('holds back after an answer that used the last of the limit', () => {
    expect(exhaustedMs({ 'ratelimit-remaining': '0', 'ratelimit-reset': '9' })).toBe(9000);
    expect(exhaustedMs({ 'ratelimit-remaining': '1', 'ratelimit-reset': '9' })).toBeUndefined();
  });
});
