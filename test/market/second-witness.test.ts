import { describe, expect, it } from 'vitest';
import { judgeStated, type StatedComparison } from '../../src/market/second-witness.ts';

const NOTHING: StatedComparison = { volume: null, trades: null, mostVolume: 0, mostTrades: 0, leastVolume: 0, leastTrades: 0 };
const verdictOf = (compared: Partial<StatedComparison>) => judgeStated({ ...NOTHING, ...compared }).verdict;

describe('a number of trades that a venue states', () => {
  const held = { mostTrades: 12, leastTrades: 10 };

  it.each([
    [13, 'lacks'],
    [12, 'agrees'],
    [10, 'agrees'],
    [9, 'exceeds'],
  ] as const)('%i compared with 10 to 12 stored trades: %s', (trades, verdict) => {
    expect(verdictOf({ trades, ...held })).toBe(verdict);
  });

  it('is reported together with the number stored, which is a range only if it is uncertain', () => {
    expect(judgeStated({ ...NOTHING, trades: 13, ...held }).said).toBe('13 trades where 10 to 12 are held');
    expect(judgeStated({ ...NOTHING, trades: 13, mostTrades: 12, leastTrades: 12 }).said).toBe('13 trades where 12 are held');
  });

  it('may be 0', () => {
    expect(verdictOf({ trades: 0 })).toBe('agrees');
    expect(verdictOf({ trades: 0, mostTrades: 1, leastTrades: 1 })).toBe('exceeds');
  });

  it('does not hide that the volume disagrees', () => {
    expect(verdictOf({ trades: 11, ...held, volume: 200, mostVolume: 100, leastVolume: 100 })).toBe('lacks');
  });
});

describe('a volume that a venue states', () => {
  // the tolerance: 0.05 and a hundred-thousandth
  it.each([
    [100.06, 'lacks'],
    [100.04, 'agrees'],
    [89.96, 'agrees'],
    [89.94, 'exceeds'],
  ] as const)('%f compared with a stored volume of 90 to 100: %s', (volume, verdict) => {
    expect(verdictOf({ volume, mostVolume: 100, leastVolume: 90 })).toBe(verdict);
  });

  it('agrees at the edge of the tolerance', () => {
    expect(verdictOf({ volume: 5000, mostVolume: 4999.9, leastVolume: 4000 })).toBe('agrees');
    expect(verdictOf({ volume: 0, mostVolume: 5000, leastVolume: 0.1 })).toBe('agrees');
  });

  it('may differ by a hundred-thousandth of large volumes', () => {
    expect(verdictOf({ volume: 1_000_009, mostVolume: 1_000_000, leastVolume: 1_000_000 })).toBe('agrees');
    expect(verdictOf({ volume: 1_000_011, mostVolume: 1_000_000, leastVolume: 1_000_000 })).toBe('lacks');
  });

  it('may be 0', () => {
    expect(verdictOf({ volume: 0 })).toBe('agrees');
    expect(verdictOf({ volume: 0, mostVolume: 5, leastVolume: 5 })).toBe('exceeds');
  });
});

it('a total that is missing or negative is not compared', () => {
  expect(verdictOf({ mostTrades: 5, leastTrades: 5 })).toBe('unknown');
  expect(verdictOf({ volume: -1, trades: -1, mostTrades: 5, leastTrades: 5 })).toBe('unknown');
});
