import { describe, expect, it } from 'vitest';
import { renderHistoryPage } from '../../src/report/history/history-page.ts';
import { sampleHistory } from './sample-history.ts';

describe('the page of all runs', () => {
  it('shows the newest run first, right after the name and the price of each symbol', () => {
    const page = renderHistoryPage(sampleHistory(30));
    const heads = page.slice(page.indexOf('<thead>'), page.indexOf('</thead>'));
    expect(heads.indexOf('>fresh<')).toBeLessThan(heads.indexOf('title="run-29"'));
    expect(heads.indexOf('title="run-29"')).toBeLessThan(heads.indexOf('title="run-0"'));
  });

  it('marks every cell of a failed run, and names the last failed run even when newer runs have ended', () => {
    const page = renderHistoryPage(sampleHistory(10, { failed: [7] }));
    expect(page.match(/<td class="bad">/g)).toHaveLength(3);
    expect(page).toMatch(/failed<\/span><a href="\/runs\/run-7">run-7<\/a>, 2 runs ago, .*: AAA\/collect failed/);
    const newest = renderHistoryPage(sampleHistory(10, { failed: [9] }));
    expect(newest).not.toContain('runs ago');
  });

  it('lists symbols by the state of their newest run, those that failed first, and then by name', () => {
    const history = sampleHistory(2);
    const [newest, ...older] = history.runs;
    const orderOf = (states: Readonly<Record<string, 'failed' | 'success'>>): readonly string[] => {
      const symbols = history.symbols.toReversed();
      const page = renderHistoryPage({ ...history, symbols, runs: [{ ...newest, states: new Map(Object.entries(states)) }, ...older] });
      return ['AAA', 'BBB'].toSorted((a, b) => page.indexOf(`href="/symbols/${a}"`) - page.indexOf(`href="/symbols/${b}"`));
    };
    expect(orderOf({ AAA: 'success', BBB: 'success' })).toEqual(['AAA', 'BBB']);
    expect(orderOf({ AAA: 'success', BBB: 'failed' })).toEqual(['BBB', 'AAA']);
    expect(orderOf({ AAA: 'failed', BBB: 'success' })).toEqual(['AAA', 'BBB']);
  });

  it('labels a backfill with its asOf', () => {
    const page = renderHistoryPage(sampleHistory(5, { backfill: { 3: Date.parse('2026-10-01T12:00Z') } }));
    expect(page).toContain('as of<br>10-01');
    expect(page.match(/as of<br>/g)).toHaveLength(1);
  });
});

it('the page of all runs shows a cause once when it is also an open incident', () => {
  const history = sampleHistory(1);
  const cause = 'the venue answered 503 for two hours';
  const [run] = history.runs;
  const incident = { id: '1', severity: 'normal', openedAt: '2026-11-24T08:00:00.000Z', closedAt: null, runs: [], symbols: [] } as const;
  const page = renderHistoryPage({
    ...history,
    runs: [{ ...run, state: 'degraded', reasons: [`collect failed: ${cause}`, 'another reason'] }],
    incidents: [{ ...incident, cause: `collect: SourceUnavailable: ${cause}` }],
  });
  expect(page).not.toContain(`collect failed: ${cause}`);
  expect(page).toContain('another reason');
});
