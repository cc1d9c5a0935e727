import { describe, expect, it } from 'vitest';
import { type ComparableResult, compareResults } from '../../src/backtest/proof/compare-results.ts';

const result = (
  changes: Partial<Omit<ComparableResult, 'passport'>> & { passport?: Partial<ComparableResult['passport']> } = {},
): ComparableResult => ({
  series: 'RAIN polymarket:0x1 trade 1h',
  strategy: 'sma-cross',
  params: '[["fast",10],["slow",30]]',
  metrics: { sharpe: 1, totalReturn: 0.1 },
  ...changes,
  passport: { data: 'd', code: 'c', settings: 's', seed: 1, ...changes.passport },
});

describe('the comparison of two runs', () => {
  it('counts results with the same passport as the same', () => {
    expect(compareResults([result()], [result()])).toEqual({ same: 1, changed: [], onlyBefore: [], onlyAfter: [] });
  });

  it.each([
    ['data', { passport: { data: 'other' } }],
    ['code', { passport: { code: 'other' } }],
    ['settings', { passport: { settings: 'other' } }],
    ['seed', { passport: { seed: 2 } }],
    ['params', { params: '[["fast",5],["slow",30]]', passport: { settings: 'other' } }],
  ] as const)('states when %s caused a difference, and which metrics changed', (cause, changes) => {
    const after = result({ ...(changes as Partial<ComparableResult>), metrics: { sharpe: 2, totalReturn: 0.1 } });
    const { changed, same } = compareResults([result()], [after]);
    expect(same).toBe(0);
    expect(changed).toMatchObject([{ because: [cause], metrics: { sharpe: [1, 2] } }]);
    expect(changed[0].metrics).not.toHaveProperty('totalReturn');
  });

  it('reports different numbers under equal passports as unexplained, not as the same', () => {
    const { same, changed } = compareResults([result()], [result({ metrics: { sharpe: 1.5, totalReturn: 0.1 } })]);
    expect(same).toBe(0);
    expect(changed).toMatchObject([{ because: ['unexplained'], metrics: { sharpe: [1, 1.5] } }]);
  });

  it.each([
    ['trials', { trials: { count: 4, spread: 0.1 } }],
    ['settings', { options: { cash: 5 } }],
    ['settings', { proofCuts: 9 }],
  ] as const)('distinguishes other trials from other options as the cause: %s', (cause, differing) => {
    const settings = { strategy: 'sma-cross', params: {}, options: { cash: 1 }, proofCuts: 4, trials: { count: 1 } };
    const before = result({ passport: { settings: JSON.stringify(settings) } });
    const after = result({ passport: { settings: JSON.stringify({ ...settings, ...differing }) }, metrics: { deflatedSharpe: 0.2 } });
    expect(compareResults([before], [after]).changed).toMatchObject([{ because: [cause] }]);
    // other parameters do not hide that the options differ, too
    const both = result({ ...after, params: '[["fast",5]]' });
    expect(compareResults([before], [both]).changed).toMatchObject([{ because: ['params', cause] }]);
  });

  it('pairs results with equal parameters first, then the remaining results of a strategy', () => {
    const before = [result({ params: 'a' }), result({ params: 'b' })];
    const after = [result({ params: 'c' }), result({ params: 'a' })];
    const { same, changed } = compareResults(before, after);
    expect(same).toBe(1);
    expect(changed.map(({ before: one, after: other }) => [one.params, other.params])).toEqual([['b', 'c']]);
  });

  it('lists the results that only one of the runs has', () => {
    const other = result({ series: 'RAIN polymarket:0x2 trade 1h' });
    expect(compareResults([result(), other], [result()])).toMatchObject({ same: 1, onlyBefore: [other], onlyAfter: [] });
    expect(compareResults([], [other])).toMatchObject({ same: 0, onlyBefore: [], onlyAfter: [other] });
  });
});
