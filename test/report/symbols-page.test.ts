import { expect, it } from 'vitest';
import { renderSymbolsPage, type SymbolIndexRow } from '../../src/report/site/symbols-page.ts';
import { AS_OF, HOUR } from './sample-numbers.ts';

it('the index of symbols sorts by the change over seven days, where at least two prices are known', () => {
  const changeOf = (...prices: number[]): string | undefined => {
    const row: SymbolIndexRow = {
      symbol: 'A',
      title: 'A',
      enabled: true,
      priority: 1,
      href: null,
      state: null,
      gaps: null,
      last: null,
      spark: prices.map((price, i) => ({ time: AS_OF + (i - prices.length) * HOUR, price })),
      sparkStep: HOUR,
    };
    const cells = renderSymbolsPage([row], { now: AS_OF, madeBy: 'x' })
      .split('<tbody>')[1]
      .split(/<t[hd]/);
    return / data-v="([^"]*)"/.exec(cells[5].split('>')[0])?.[1];
  };
  expect([changeOf(), changeOf(0.5), changeOf(0.25, 0.75), changeOf(0.75, 0.1, 0.25)]).toEqual([undefined, undefined, '0.5', '-0.5']);
});
