import { describe, expect, it } from 'vitest';
import { paramGrid } from '../../src/report/research/param-grid.ts';
import type { ComparedTrial } from '../../src/report/research/research-data.ts';
import { renderResearchPage } from '../../src/report/research/research-page.ts';
import { compareTrades } from '../../src/report/research/research-sections.ts';
import { HOUR } from './sample-numbers.ts';
import { sampleResearch as data, grid, START, trade, trial } from './sample-research.ts';

describe('a grid of two parameters', () => {
  it('has a plateau when the neighbours of the best cell are good too, and outlines the cells that are nearly as good', () => {
    const found = paramGrid(grid((x, y) => (x === 2 && y === 2 ? 1 : x >= 1 && y >= 1 ? 0.9 : 0)));
    expect(found).toMatchObject({
      across: { name: 'fast', values: [5, 6, 7] },
      down: { name: 'slow', values: [20, 30, 40] },
      metric: 'sharpe',
      isPlateau: true,
    });
    expect(found?.best?.paramValues).toEqual({ fast: 7, slow: 40 });
    expect([...(found?.plateau ?? [])].map(({ id }) => id).sort((a, b) => a - b)).toEqual([4, 5, 7, 8]);
    expect(found?.neighbours).toBeCloseTo(0.9);
    expect(found?.median).toBe(0);
  });

  it('has a peak when the neighbours of the best cell are as bad as the rest', () => {
    const found = paramGrid(grid((x, y) => (x === 1 && y === 1 ? 2 : 0.1)));
    expect(found?.isPlateau).toBe(false);
    expect(found?.plateau.size).toBe(1);
  });

  it('has no value for trials that never traded, even if buying and holding lost money', () => {
    const idle = { metrics: { totalReturn: 0, sharpe: null, trades: 0 } };
    const traded = { metrics: { totalReturn: -0.01, sharpe: null, trades: 2 } };
    const found = paramGrid(grid(() => null).map((each, index) => ({ ...each, ...(index === 4 ? traded : idle) })));
    expect(found).toMatchObject({ metric: 'return over holding', isPlateau: null, best: { id: 4 } });
    expect(found?.plateau.size).toBe(1);
  });

  it('has no verdict on too few values, and does not rank a weak Sharpe ratio', () => {
    const weak = { weak: { sharpe: '6 daily returns, fewer than 30' } };
    expect(paramGrid([trial(1, { fast: 5 }, 1), trial(2, { fast: 6 }, 2)])).toMatchObject({
      isPlateau: null,
      down: { name: '', values: [0] },
    });
    const found = paramGrid([trial(1, { fast: 5 }, 9, weak), trial(2, { fast: 6 }, 2)]);
    expect(found?.best?.id).toBe(2);
    expect(found?.cells[0].map((cell) => cell?.value)).toEqual([null, 2]);
    expect(paramGrid([trial(1, { fast: 5 }, 9, weak), trial(2, { fast: 6 }, 2, weak)])?.metric).toBe('return over holding');
  });

  it('has the other parameters fixed at the values of the best trial, and does not exist for a single trial', () => {
    const trials = [
      ...[1, 2, 3].flatMap((a) => [1, 2, 3].map((b) => trial(a * 10 + b, { a, b, c: 1 }, 0.1))),
      ...[1, 2, 3].flatMap((a) => [1, 2, 3].map((b) => trial(100 + a * 10 + b, { a, b, c: 2 }, a === 2 && b === 2 ? 1 : 0.2))),
    ];
    expect(
      paramGrid(trials)
        ?.cells.flat()
        .every((cell) => cell?.trial.paramValues['c'] === 2),
    ).toBe(true);
    expect(paramGrid([trial(1, { fast: 5 }, 1)])).toBeUndefined();
  });
});

describe('the comparison of two backtests', () => {
  it('pairs positions by time and side, joins the parts of one position, and marks differences', () => {
    const pairs = compareTrades(
      [trade(0), trade(2, { size: 4 }), trade(2, { size: 6, exitTime: START + 9 * HOUR, pnl: 3 }), trade(5)],
      [trade(0), trade(2, { size: 10, exitTime: START + 9 * HOUR, pnl: 4 }), trade(5, { side: 'short' })],
    );
    expect(pairs.map(({ entryTime, side, differs }) => [(entryTime - START) / HOUR, side, differs])).toEqual([
      [0, 'long', false],
      [2, 'long', false],
      [5, 'long', true],
      [5, 'short', true],
    ]);
    expect(pairs[2]).toMatchObject({ second: null, first: { size: 10, pnl: 1 } });
  });

  it.each(['size', 'entryPrice', 'pnl', 'exitTime'] as const)('finds a difference in %s', (key) => {
    expect(compareTrades([trade(0)], [trade(0, { [key]: trade(0)[key] * 1.01 })])[0].differs).toBe(true);
    expect(compareTrades([trade(0)], [trade(0, { [key]: trade(0)[key] * (1 + 1e-8) })])[0].differs).toBe(key === 'exitTime');
  });
});

describe('the research page', () => {
  it('shows a table of strategies and symbols, hatches unknown values, and links every figure to its rows and its passport', () => {
    const text = renderResearchPage(data());
    expect(text).toContain('2 strategies on 2 symbols');
    expect(text).toContain('/research?symbol=BTC_PRICE&amp;strategy=sma-cross#chosen');
    expect(text).toContain('+2.0');
    expect(text).toMatch(/class="cell hatch"[^>]*>░/);
    expect(text).toContain('no daily returns');
    const weak = trial(60, {}, 1, { weak: { sharpe: '6 daily returns, fewer than 30' } });
    const idle = trial(61, {}, 1, { undefined: { sharpe: 'no trades' } });
    expect(renderResearchPage(data({ best: [idle] })), 'beats a falling market without a trade').toMatch(/class="cell hatch"[^>]*>\+2\.0/);
    const loss = trial(62, {}, 1, { metrics: { totalReturn: 0, sharpe: 1, trades: 0 } });
    expect(renderResearchPage(data({ best: [loss] })), 'never traded').toMatch(/class="cell hatch"[^>]*>\+2\.0/);
    expect(text, 'another run of the series').toMatch(/<b>run-1<\/b> \(9 trials\), <a href="[^"]*trial=3#chosen">run-0<\/a> \(1 trial\)/);
    // a shorthand would take the hatching away
    expect(renderResearchPage(data({ best: [weak] }))).toMatch(/class="cell hatch"[^>]*style="background-color:[^>]*>\+2\.0/);
    expect(text).toContain('<code>abc123</code>');
    expect(text).toContain('Bitcoin &lt;above&gt; 100k');
  });

  it('colours cells up to the 90th percentile of their sizes', () => {
    const best = Array.from({ length: 12 }, (_, i) => trial(i, {}, i < 11 ? i + 1 : 900, { symbol: `S${10 + i}` }));
    const cells = [...renderResearchPage(data({ best })).matchAll(/class="cell" [^>]*style="background-color:([^";]*)/g)];
    // the second table, which has the Sharpe ratios
    const colours = cells.slice(12).map(([, colour]) => colour);
    // the tenth value is full: what is above has the same colour
    expect(new Set(colours).size).toBe(10);
    expect(new Set(colours.slice(9)).size).toBe(1);
  });

  it('states whether the best cell of the grid can be trusted', () => {
    const text = renderResearchPage(data());
    expect(text).toContain('a peak');
    expect(text).toMatch(/PBO <b>31\s%<\/b>/u);
    expect(text).toContain('believe it with care');
  });

  it('compares two trials: the common positions, the first difference, and the difference in the result', () => {
    const text = renderResearchPage(data());
    expect(text).toMatch(/<b>1<\/b> of 2 positions are the same/);
    expect(text).toContain('first difference <b>2026-11-20 03:00Z</b>');
    expect(text).toMatch(/difference <b>\+5\.0\s%<\/b>/u);
    expect(text).toContain('a=4&amp;b=77');
  });

  it('compares no curves when one of them is empty or starts at 0', () => {
    const [first, second] = data().compared as readonly [ComparedTrial, ComparedTrial];
    const drawn = (equity: readonly { time: number; equity: number }[]) =>
      renderResearchPage(data({ compared: [first, { ...second, equity }] }));
    const [start, ...rest] = second.equity;
    const curves = (text: string): number => text.match(/class="line held"/g)?.length ?? 0;
    const without = curves(drawn([]));
    expect(curves(drawn(second.equity))).toBeGreaterThan(without);
    for (const equity of [
      [{ ...start, equity: 0 }, ...rest],
      [{ ...start, equity: -1 }, ...rest],
    ]) {
      expect(curves(drawn(equity))).toBe(without);
      expect(drawn(equity)).not.toMatch(/NaN|Infinity/);
    }
  });

  it('writes a small return with enough digits, and states what to do while there is no backtest', () => {
    expect(renderResearchPage(data())).toMatch(/\+0\.040\s%/u);
    const none = renderResearchPage(data({ best: [], chosen: null, compared: null, otherRuns: [] }));
    expect(none).toContain('No run has backtests yet');
    expect(renderResearchPage(data())).not.toContain('symbols by name');
    expect(renderResearchPage(data({ maxSymbols: 2 }))).toContain('the first 2 symbols by name');
  });
});
