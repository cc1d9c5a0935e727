import { describe, expect, it } from 'vitest';
import {
  calibrationOf,
  equityOf,
  metricsOf,
  paramsText,
  proofOf,
  tradesOf,
  undefinedReasons,
} from '../../src/report/page-data/stored-backtest.ts';

describe('a stored backtest', () => {
  it('gives its numbers, its nulls and their reasons', () => {
    const metrics = {
      sharpe: 1.2,
      brier: null,
      undefined: { brier: 'not resolved' },
      lookAhead: { changed: 0, of: 12, cuts: [], verdict: '' },
    };
    expect(metricsOf(metrics)).toEqual({ sharpe: 1.2, brier: null });
    expect(undefinedReasons(metrics)).toEqual({ brier: 'not resolved' });
    expect(proofOf(metrics)).toEqual({ changed: 0, decisions: 12 });
  });

  it('counts as not known what is missing or of another shape', () => {
    expect([undefinedReasons({}), proofOf({}), tradesOf(null), tradesOf([1, 'x', {}]), equityOf('x'), calibrationOf({})]).toEqual([
      {},
      null,
      [],
      [],
      [],
      [],
    ]);
  });

  it('gives its equity from columns or points, times as numbers or ISO texts', () => {
    const points = [
      { time: 0, equity: 1 },
      { time: 60_000, equity: 2 },
    ];
    expect(equityOf({ time: [0, 60_000], equity: [1, 2] })).toEqual(points);
    expect(
      equityOf([
        { time: '1970-01-01T00:00:00Z', equity: 1 },
        { time: '1970-01-01T00:01:00Z', equity: 2 },
      ]),
    ).toEqual(points);
    expect(
      equityOf([
        [0, 1],
        [60_000, 2],
      ]),
    ).toEqual(points);
  });

  it('names its parameters shortly', () => {
    expect(paramsText({ fast: 10, slow: 30 })).toBe('10/30');
    expect(paramsText({ threshold: 0.9, side: 'yes' })).toBe('threshold 0.9, side "yes"');
    expect(paramsText({})).toBe('');
  });
});
