import { describe, expect, it } from 'vitest';
import { renderHistoryPage } from '../../src/report/history/history-page.ts';
import { controls } from '../../src/report/run/live/live-parts.ts';
import { renderPlanPage } from '../../src/report/run/plan-page.ts';
import type { RunOnPage } from '../../src/report/run/run-data.ts';
import { backfillControls, renderSchedulePage } from '../../src/report/site/schedule-page.ts';
import { sampleHistory } from './sample-history.ts';
import { sampleRun } from './sample-run.ts';

/** The buttons by label: whether each works, and its address. */
const buttons = (text: string): Record<string, { readonly works: boolean; readonly action: string }> =>
  Object.fromEntries(
    [...text.matchAll(/<button type="button" data-action="([^"]*)"([^>]*)>([^<]*)<\/button>/g)].map(([, action, more, label]) => [
      label,
      { works: !more.includes(' disabled'), action },
    ]),
  );

const open: RunOnPage = {
  ...sampleRun().result,
  runId: 'a run',
  result: 'running',
  finishedAt: null,
  paused: false,
  statusBreakdown: { pending: 2, running: 1, success: 3, failed: 0, skipped: 0, cancelled: 0 },
};

describe('the page of a schedule that is not there', () => {
  it('shows how to create one, or why it cannot be read', () => {
    const page = (schedule: string | null) => renderSchedulePage(schedule, { now: 0, madeBy: 'x', control: true });
    expect(page(null)).toContain('<h1>No schedule</h1>');
    expect(page(null)).toContain('<code>predictlab schedule create</code>');
    expect(page('Temporal is away')).toMatch(/<h1>The schedule cannot be read<\/h1>[\s\S]*<p>Temporal is away<\/p>/);
    expect(page('Temporal is away')).not.toContain('schedule create');
  });
});

describe('the buttons of a run', () => {
  it('are disabled with the reason when they cannot work now', () => {
    const { text } = controls(open);
    expect(buttons(text)).toMatchObject({ Pause: { works: true }, Resume: { works: false }, 'Retry failed': { works: false } });
    expect(text).toContain('disabled title="the run is not paused"');
    const paused = controls({ ...open, paused: true, statusBreakdown: { ...open.statusBreakdown, failed: 1 } });
    expect(buttons(paused.text)).toMatchObject({ Pause: { works: false }, Resume: { works: true }, 'Retry failed': { works: true } });
  });

  it('offer to retry an ended run only when a task did not succeed', () => {
    const ended = (result: 'success' | 'failed') => buttons(controls({ ...open, result, finishedAt: new Date(0).toISOString() }).text);
    expect(ended('success')['Retry what failed'].works).toBe(false);
    expect(ended('failed')['Retry what failed'].works).toBe(true);
  });

  it('ask before they cancel the run', () => {
    expect(controls(open).text).toMatch(/data-action="\/runs\/a%20run\/cancel" data-confirm="Press again to cancel the run"/);
  });
});

describe('the buttons of the page of all runs', () => {
  it('start runs and change the schedule only when the pages may act', () => {
    expect(renderHistoryPage(sampleHistory(1), { events: '/events', control: false })).not.toContain('<button type="button" data-action');
    const page = renderHistoryPage(sampleHistory(1), { events: '/events', control: true });
    expect(buttons(page)).toMatchObject({
      'Trigger the schedule': { works: true, action: '/schedule/trigger' },
      'Pause the schedule': { works: true },
      'Resume the schedule': { works: false },
    });
    expect(page).toContain('<a href="/plan">Start a run …</a>');
    const none = buttons(renderHistoryPage({ ...sampleHistory(1), next: null }, { events: '/events', control: true }));
    expect(Object.values(none).every(({ works }) => !works)).toBe(true);
  });

  it('show the plan before a run starts, and suggest yesterday for a backfill', () => {
    const plan = renderPlanPage([], { now: 0, madeBy: '', control: true });
    expect(buttons(plan)).toEqual({ 'Start this run': { works: false, action: '/runs' } });
    const backfill = backfillControls(Date.parse('2026-11-24T12:00Z')).text;
    expect(backfill).toMatch(/name="from"[^>]*value="2026-11-23"/);
    expect(backfill).toContain('data-fields="from to"');
  });
});
