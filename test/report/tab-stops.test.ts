import { describe, expect, it } from 'vitest';
import { groupTasks } from '../../src/report/run/symbol-tasks.ts';
import { taskGrid } from '../../src/report/run/task-grid.ts';
import { renderSymbolPage } from '../../src/report/symbol/symbol-page.ts';
import { sampleRun } from './sample-run.ts';
import { sampleBacktests, sampleInstrument, sampleSymbol, sampleWalkForwards } from './sample-symbol.ts';

/** Two of an instrument's three intervals are not shown: a folded table each, and no stop of their own among the choices. */
const HIDDEN = 4;

/** Elements that the tab key stops at, as the text says; what is folded away is none. */
const stopsOf = (text: string): number => {
  const page = text.replace(/<\/summary>[\s\S]*?<\/details>/g, '</summary></details>');
  return (page.match(/tabindex="0"/g) ?? []).length + (page.match(/<(a href|button|input|summary)(?![^>]*tabindex="-1")/g) ?? []).length;
};

describe('the live page of a run', () => {
  it('has one tab stop in the grid of tasks, and none for a symbol whose tasks are not known yet', () => {
    const data = sampleRun();
    const known = groupTasks(
      data.result,
      data.config?.symbols.map(({ symbol }) => symbol),
    );
    const grid = taskGrid(known, true).text;
    expect(grid.match(/<button(?![^>]*tabindex="-1")/g)).toHaveLength(1);
    const unknown = { symbol: 'NEW', stages: {}, whole: undefined, verdict: 'pending' as const };
    const whole = { ...unknown, symbol: 'OLD', whole: { status: 'success' as const } };
    const mixed = taskGrid({ ...known, symbols: [...known.symbols, unknown, whole] }, true).text;
    expect(mixed).toContain('>NEW</th>');
    expect(mixed).not.toContain('data-task="NEW');
    expect(mixed).toContain('data-task="OLD"');
  });
});

describe('the page of a symbol', () => {
  it('has at most 100 tab stops, however many strategies its six instruments have', () => {
    const many = Array.from({ length: 60 }, (_, i) => sampleBacktests()[i % sampleBacktests().length]);
    const instruments = Array.from({ length: 6 }, (_, i) =>
      sampleInstrument({ id: `polymarket:${i}`, backtests: many, walkForwards: sampleWalkForwards() }),
    );
    expect(stopsOf(renderSymbolPage(sampleSymbol({ instruments, instrumentCount: 6 }), null)) - 6 * HIDDEN).toBeLessThanOrEqual(100);
    expect(stopsOf(renderSymbolPage(sampleSymbol(), null))).toBeLessThanOrEqual(40);
  });

  it('has three more for an instrument with a walk-forward, however many of its windows are weak', () => {
    const stops = (...more: Parameters<typeof sampleInstrument>): number =>
      stopsOf(renderSymbolPage(sampleSymbol({ instruments: [sampleInstrument(...more)] }), null));
    expect(stops({ walkForwards: sampleWalkForwards() }) - stops()).toBe(3);
  });
});
