import { expect, it } from 'vitest';
import type { CandidateRow } from '../../src/contracts/market-data.ts';
import { assessTick, type RowFacts } from '../../src/market/assess-tick.ts';

const NOW = Date.parse('2026-11-24T12:00:00Z');
const facts: RowFacts = { market: 'probability', opensAt: Date.parse('2026-11-01T10:00:00.700Z'), tickSize: 0.01, asOf: NOW };
const good: CandidateRow = {
  kind: 'trade',
  time: NOW - 60_000,
  price: 0.37,
  size: 10,
  side: 'buy',
  outcome: 'Yes',
  tradeId: null,
  identity: 'a',
  raw: '{}',
  defect: null,
};
const reasonOf = (row: Partial<CandidateRow>, of: Partial<RowFacts> = {}) => {
  const assessment = assessTick({ ...good, ...row }, { ...facts, ...of });
  return assessment.verdict === 'quarantine' ? assessment.reason : 'ok';
};
const flagsOf = (row: Partial<CandidateRow>, of: Partial<RowFacts> = {}) => {
  const assessment = assessTick({ ...good, ...row }, { ...facts, ...of });
  return assessment.verdict === 'ok' ? assessment.flags : assessment.reason;
};

it('an ordinary trade is a tick without flags', () => {
  expect(assessTick(good, facts)).toEqual({ verdict: 'ok', flags: [] });
});

it('a defect that the file reader found goes before all other defects', () => {
  expect(reasonOf({ defect: 'unknown-outcome', price: 7 })).toBe('unknown-outcome');
  expect(reasonOf({ defect: 'malformed', time: null })).toBe('malformed');
});

it('a row without time or price, and a trade without size, is malformed', () => {
  expect(reasonOf({ time: null })).toBe('malformed');
  expect(reasonOf({ price: null })).toBe('malformed');
  expect(reasonOf({ size: null })).toBe('malformed');
});

it('a price point needs no size', () => {
  expect(reasonOf({ kind: 'price', size: null })).toBe('ok');
});

it('NaN and infinities are marked as not finite', () => {
  expect(reasonOf({ price: Number.NaN })).toBe('not-finite');
  expect(reasonOf({ size: Number.POSITIVE_INFINITY })).toBe('not-finite');
  expect(reasonOf({ time: Number.NaN })).toBe('not-finite');
});

it('a probability lies in [0, 1]', () => {
  expect(reasonOf({ price: -0.01 })).toBe('price-range');
  expect(reasonOf({ price: 1.01 })).toBe('price-range');
});

it("an asset's price is above 0 and may be above 1", () => {
  expect(reasonOf({ price: 63_304.2 }, { market: 'asset' })).toBe('ok');
  expect(reasonOf({ price: 0 }, { market: 'asset' })).toBe('price-range');
});

it('a trade of size zero or below is malformed', () => {
  expect(reasonOf({ size: 0 })).toBe('size-range');
  expect(reasonOf({ size: -5 })).toBe('size-range');
});

it('a time in seconds where milliseconds are expected is out of range', () => {
  expect(reasonOf({ time: Math.floor(NOW / 1000) }, { opensAt: null })).toBe('time-range');
});

it('a trade is neither older than its market nor newer than now', () => {
  expect(reasonOf({ time: Date.parse('2026-11-01T09:59:59Z') })).toBe('time-range');
  expect(reasonOf({ time: NOW + 1 })).toBe('time-range');
  expect(reasonOf({ time: NOW })).toBe('ok');
});

it('a market counts as open during the whole second in which it opened, since venues round to seconds', () => {
  expect(reasonOf({ time: Date.parse('2026-11-01T10:00:00Z') })).toBe('ok');
});

it('trades at exactly 0 or 1 are kept and flagged', () => {
  expect(flagsOf({ price: 0 })).toEqual(['extreme-price']);
  expect(flagsOf({ price: 1 })).toEqual(['extreme-price']);
});

it('prices off the price grid are kept and flagged, and rounding errors do not put a price off the grid', () => {
  expect(flagsOf({ price: 0.375 })).toEqual(['off-grid']);
  for (let cents = 1; cents < 100; cents++) expect(flagsOf({ price: cents / 100 })).toEqual([]);
  expect(flagsOf({ price: 0.375 }, { tickSize: null })).toEqual([]);
  expect(flagsOf({ price: 0.375 }, { tickSize: 0 })).toEqual([]);
});

it('a row with several defects gets the first one in the documented order', () => {
  expect(reasonOf({ price: Number.NaN, size: -1, time: 5 })).toBe('not-finite');
  expect(reasonOf({ price: 2, size: -1, time: 5 })).toBe('price-range');
  expect(reasonOf({ size: -1, time: 5 })).toBe('size-range');
});
