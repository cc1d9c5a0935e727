import { describe, expect, it } from 'vitest';
import { type ComparableResult, compareResults } from '../../src/backtest/proof/compare-results.ts';

const result = (changes: Partial<ComparableResult> & { passport?: Partial<ComparableResult['passport']> } = {}): ComparableResult => ({
  series: 'RAIN polymarket:0x1 trade 1h',
  strategy: 'sma-cross',
  params: '[["fast",10],["slow",30]]',
  metrics: { sharpe: 1, totalReturn: 0.1 },
  ...changes,
  passport: { data: 'd', code: 'c', settings: 's', seed: 1, ...changes.passport },
});

describe('comparing two runs', () => {
  it('counts results with the same passport as the same', () => {
    expect(compareResults([result()], [result()])).toEqual({ same: 1, changed: [], onlyBefore: [], onlyAfter: [] });
  });

  it.each([
    ['data', { passport: { data: 'other' } }],
    ['code', { passport: { code: 'other' } }],
    ['settings', { passport: { settings: 'other' } }],
    ['seed', { passport: { seed: 2 } }],
    ['params', { params: '[["fast",5],["slow",30]]', passport: { settings: 'other' } }],
  ] as const)('says when %s made the difference, and which metrics it moved', (cause, changes) => {
    const after = result({ ...(changes as Partial<ComparableResult>), metrics: { sharpe: 2, totalReturn: 0.1 } });
    const { changed, same } = compareResults([result()], [after]);
    expect(same).toBe(0);
    expect(changed).toMatchObject([{ because: [cause], metrics: { sharpe: [1, 2] } }]);
    expect(changed[0].metrics).not.toHaveProperty('totalReturn');
  });

  it('compares equal parameters first, then what is left of a strategy', () => {
    const before = [result({ params: 'a' }), result({ params: 'b' })];
    const after = [result({ params: 'c' }), result({ params: 'a' })];
    const { same, changed } = compareResults(before, after);
    expect(same).toBe(1);
    expect(changed.map(({ before: one, after: other }) => [one.params, other.params])).toEqual([['b', 'c']]);
  });

  it('lists what only one of the runs has', () => {
    const other = result({ series: 'RAIN polymarket:0x2 trade 1h' });
    expect(compareResults([result(), other], [result()])).toMatchObject({ same: 1, onlyBefore: [other], onlyAfter: [] });
    expect(compareResults([], [other])).toMatchObject({ same: 0, onlyBefore: [], onlyAfter: [other] });
  });
});
