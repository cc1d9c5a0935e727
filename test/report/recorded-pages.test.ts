import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { renderHistoryPage } from '../../src/report/history/history-page.ts';
import { renderResearchPage } from '../../src/report/research/research-page.ts';
import { renderRunPage } from '../../src/report/run/run-page.ts';
import { taskDrawer } from '../../src/report/run/task-drawer.ts';
import { renderEventPage } from '../../src/report/site/event-page.ts';
import { renderSchedulePage } from '../../src/report/site/schedule-page.ts';
import { renderSymbolPage } from '../../src/report/symbol/symbol-page.ts';
import { sampleEvent } from './sample-event.ts';
import { sampleHistory } from './sample-history.ts';
import { AS_OF, HOUR } from './sample-numbers.ts';
import { sampleResearch } from './sample-research.ts';
import { sampleRun } from './sample-run.ts';
import { sampleInstrument, sampleSymbol, sampleWalkForwards } from './sample-symbol.ts';

const schedule = (paused: boolean, note: string | null): string =>
  renderSchedulePage(
    {
      scheduleId: 'predictlab',
      cron: '0 */4 * * *',
      timeZone: 'UTC',
      overlap: 'SKIP',
      catchupWindow: '1m',
      jitter: null,
      pauseOnFailure: 3,
      paused,
      note,
      nextRuns: [new Date(AS_OF + 4 * HOUR).toISOString(), new Date(AS_OF + 8 * HOUR).toISOString()],
      lastRuns: [{ runId: 'predictlab-2026-11-24T08:00Z', result: 'success' }],
      input: { symbols: ['BTC_PRICE'] },
    },
    { now: AS_OF, madeBy: 'PredictLab 0.1.0', control: true },
  );

const at = (seconds: number): string => new Date(AS_OF + seconds * 1000).toISOString();
const drawer = (more: Partial<Parameters<typeof taskDrawer>[0]> = {}): string =>
  taskDrawer({
    taskId: 'ETH_PRICE/collect',
    task: {
      status: 'failed',
      attempts: 2,
      startedAt: at(0),
      durationSeconds: 42.5,
      error: { type: 'SourceUnavailable', message: 'polymarket answered 503', stack: 'at collect' },
    },
    why: 'failed after 2 attempts',
    next: { attempt: 3, retryAt: AS_OF + 60_000, lastFailure: 'polymarket answered 503' },
    past: [{ attempt: 1, from: AS_OF, to: AS_OF + 2_000, next: AS_OF + 12_000, error: 'SourceUnavailable' }],
    stages: {},
    lines: [{ time: at(1), level: 'warn', attempt: 1, message: 'the venue is away', fields: 'status=503' }],
    lineCount: 9,
    temporalUrl: 'http://127.0.0.1:8233/namespaces/default/workflows/run',
    ...more,
  }).text;

const basis = {
  interval: '1h' as const,
  points: [1, 2, 4].map((hour, i) => ({
    time: AS_OF - 8 * HOUR + hour * HOUR,
    price: 0.6 + i / 100,
    twinPrice: 0.58,
    difference: 0.02 + i / 100,
    buy: [null, -0.01, 0.0125][i],
    sell: [null, -0.05, -0.06][i],
  })),
};

const PAGES: Readonly<Record<string, () => string>> = {
  run: () => renderRunPage(sampleRun()),
  symbol: () =>
    renderSymbolPage(
      sampleSymbol({
        instruments: [
          sampleInstrument({
            walkForwards: sampleWalkForwards(),
            twins: [{ id: 'predict:4711', source: 'predict', last: { time: AS_OF - 240_000, price: 0.61 }, basis }],
          }),
        ],
      }),
      null,
    ),
  history: () => renderHistoryPage(sampleHistory(8, { failed: [7] })),
  research: () => renderResearchPage(sampleResearch()),
  event: () => renderEventPage(sampleEvent()),
  schedule: () => schedule(false, null) + schedule(true, 'paused by the desk'),
  drawer: () =>
    drawer() +
    drawer({
      task: { status: 'success', error: null, output: { ticks: 3 }, degraded: ['a gap of 5 minutes'] },
      why: null,
      next: null,
      past: [],
      stages: { 'ETH_PRICE/clean': { status: 'skipped', skippedBecause: 'ETH_PRICE/collect' } },
      lines: [],
      lineCount: 0,
      temporalUrl: null,
    }),
};

/** The page without styles and scripts, one element per line, so that a change of what is drawn reads well in a diff. */
const readable = (page: string): string =>
  `${page.replace(/<(style|script)([^>]*)>[\s\S]*?<\/\1>/g, '<$1$2/>').replaceAll('><', '>\n<')}\n`;

describe('what the sample pages show', () => {
  it.each(Object.keys(PAGES))('is what was recorded: %s (after a wanted change: vitest -u, and read the diff)', async (name) => {
    await expect(readable(PAGES[name]())).toMatchFileSnapshot(path.join(import.meta.dirname, `recorded/${name}.html`));
  });
});
