import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { renderHistoryPage } from '../../src/report/history/history-page.ts';
import { pictureSvg } from '../../src/report/pictures/picture.ts';
import { runPictures, symbolPictures } from '../../src/report/pictures/symbol-pictures.ts';
import { renderResearchPage } from '../../src/report/research/research-page.ts';
import { changesSince } from '../../src/report/run/changes.ts';
import { renderPlanPage } from '../../src/report/run/plan-page.ts';
import { livePartsOf, renderRunPage } from '../../src/report/run/run-page.ts';
import { taskDrawer } from '../../src/report/run/task-drawer.ts';
import { type EventQuote, renderEventPage, renderEventsPage } from '../../src/report/site/event-page.ts';
import { renderIncidentsPage } from '../../src/report/site/incidents-page.ts';
import { renderSchedulePage } from '../../src/report/site/schedule-page.ts';
import { renderSymbolsPage, type SymbolIndexRow } from '../../src/report/site/symbols-page.ts';
import { renderSymbolPage } from '../../src/report/symbol/symbol-page.ts';
import { sampleEvent } from './sample-event.ts';
import { sampleHistory } from './sample-history.ts';
import { AS_OF, HOUR } from './sample-numbers.ts';
import { sampleResearch } from './sample-research.ts';
import { resultOf, sampleConfig, sampleRow, sampleRun } from './sample-run.ts';
import { sampleBacktests, sampleInstrument, sampleSymbol, sampleWalkForwards } from './sample-symbol.ts';

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

// ten candles of four hours, with something at, just before and just after each end of the chart
const BEGIN = AS_OF - 40 * HOUR;
const AROUND_THE_ENDS = [BEGIN - 1, BEGIN, BEGIN + 1, AS_OF - 4 * HOUR, AS_OF - 1, AS_OF, AS_OF + 1];
const candle = (i: number) => ({
  openTime: BEGIN + i * 4 * HOUR,
  open: 100 + i,
  high: 104 + i,
  low: i === 3 ? 101 : 97 + i,
  close: i % 3 === 0 ? 101 + i : 99 + i,
  volume: i === 4 ? 0 : i === 5 ? null : 10 * i + 5,
  trades: i + 1,
  complete: i < 9,
});
const priceAt = (time: number, i: number) => ({ time, price: 98 + 2 * i });
const equityAt = (time: number, i: number) => ({ time: time - 4 * HOUR, equity: 1000 + 10 * i });

/** A page whose data stand at the ends of the chart and at the limits of what is shown. */
const symbolAtLimits = () => {
  const [first, second, third, ...others] = sampleBacktests().map((row) => ({ ...row, interval: '4h' as const }));
  const section = sampleInstrument({
    market: 'asset',
    last: { time: AS_OF, price: 109 },
    closed: true,
    opensAt: BEGIN,
    closesAt: AS_OF,
    resolution: { kind: 'settled', at: AS_OF, payout: 1 } as never,
    priceType: 'price',
    series: [{ interval: '4h', candles: Array.from({ length: 10 }, (_, i) => candle(i)), total: 12 }],
    gaps: [
      { from: BEGIN + 4 * HOUR, to: BEGIN + 8 * HOUR },
      { from: AS_OF, to: AS_OF + 1 },
    ],
    quality: { ...sampleInstrument().quality, quarantineTimes: AROUND_THE_ENDS },
    twins: [
      {
        id: 'predict:1',
        source: 'predict',
        last: null,
        closes: [{ interval: '4h', points: AROUND_THE_ENDS.map(priceAt) }],
        basis: {
          interval: '4h',
          points: [
            { ...basis.points[1], buy: null, sell: -0.01 },
            { ...basis.points[2], buy: 0.01, sell: 0.02 },
          ],
        },
      },
    ],
    backtests: [
      { ...first, cut: 3, unfilled: {}, proof: { changed: 1, decisions: 9 } },
      { ...second, cut: 0, unfilled: { noVolume: 2, other: 1 }, proof: { changed: 0, decisions: 9, notProvable: ['reads the clock'] } },
      { ...third, cut: null, proof: null, failed: 'the strategy threw', weak: { sharpe: 'too few days' }, sharpeError: 0.5 },
      ...others.map((row) => ({ ...row, sharpeError: 0.5, benchmark: { holdReturn: 0.1, skill: null, undefined: { skill: 'open' } } })),
    ],
    chosen: {
      index: 1,
      trades: [
        { entryTime: BEGIN, exitTime: AS_OF, side: 'long', size: 2, entryPrice: 100, exitPrice: 108, pnl: 16, fees: 1 },
        { entryTime: BEGIN + HOUR, exitTime: BEGIN + 9 * HOUR, side: 'short', size: 3, entryPrice: 101, exitPrice: 99, pnl: 6, fees: 1 },
        { entryTime: BEGIN + HOUR, exitTime: BEGIN + 5 * HOUR, side: 'short', size: 1, entryPrice: 101, exitPrice: 103, pnl: -2, fees: 1 },
      ],
      equity: AROUND_THE_ENDS.map(equityAt),
      hold: AROUND_THE_ENDS.map((time, i) => equityAt(time, 7 - i)),
      compared: [{ index: 0, equity: AROUND_THE_ENDS.map((time, i) => equityAt(time, i % 2)) }],
      indicators: [{ name: 'sma 2', points: AROUND_THE_ENDS.map(priceAt) }],
    },
  });
  return sampleSymbol({
    instruments: [section, sampleInstrument({ id: 'predict:2', series: [], chosen: null, backtests: [] })],
    instrumentCount: 3,
  });
};

/** A run of 70 symbols in progress: only those that need attention have rows. */
const largeRun = () => {
  const symbols = Array.from({ length: 70 }, (_, i) => `S${i}`);
  const states = ['success', 'failed', 'running', 'pending', 'skipped', 'cancelled'] as const;
  const tasks = Object.fromEntries(
    symbols.map((symbol, i) => {
      const status = states[i < 60 ? 0 : i % 6];
      const started =
        status === 'pending' || status === 'skipped' ? {} : { startedAt: at(i), durationSeconds: status === 'running' ? null : i };
      return [symbol, { status, attempts: (i % 3) + 1, ...started }];
    }),
  );
  const result = resultOf({ ...tasks, 'S1/collect': { status: 'success', attempts: 1, startedAt: at(5), durationSeconds: 2 } } as never);
  return {
    ...sampleRun(symbols),
    config: sampleConfig(symbols),
    symbols: symbols
      .slice(0, 65)
      .map((symbol, i) => ({ ...sampleRow(symbol, i), href: i % 2 === 0 ? null : `${symbol}.html`, ...(i > 2 && { spark: [] }) })),
    result: { ...result, result: 'running' as const, finishedAt: null, progress: 0.4, durationSeconds: 30 },
    readAt: AS_OF + 30_000,
    previous: { runId: 'before', result: 'failed', finishedAt: null, href: null },
    usual: null,
    shadows: ['same', 'differs'].map((verdict, i) => ({
      build: `build ${i}`,
      verdict: verdict as 'same',
      at: AS_OF,
      rows: 10,
      candles: 5,
      metrics: i,
      sentences: i === 0 ? [] : ['one candle differs'],
    })),
  };
};

const livePart = () =>
  Object.entries(livePartsOf(largeRun(), true))
    .map(([name, part]) => `<h2>${name}</h2>${String(part)}`)
    .join('');

const measured = (symbol: string, i: number, factor: number) =>
  [
    symbol,
    {
      strategy: i === 0 ? `sma ${factor}` : 'sma',
      totalReturn: i === 1 ? null : 0.01 * i * factor,
      sharpe: i === 2 ? null : 0.25 * i * factor,
    },
  ] as const;

const changes = () => {
  const names = Array.from({ length: 12 }, (_, i) => `S${i}`);
  const run = (symbols: readonly string[], factor: number) => ({
    result: resultOf(
      Object.fromEntries(symbols.map((symbol, i) => [`${symbol}/collect`, { status: i === factor ? 'failed' : 'success' }])) as never,
      {
        durationSeconds: factor,
      },
    ),
    config: { ...sampleConfig(symbols), daysBack: factor },
    metrics: new Map(symbols.map((symbol, i) => measured(symbol, i, factor))),
  });
  const lines = [...changesSince(run(names, 1), run(names.slice(1), 3)), ...changesSince(run(names.slice(3), 3), run(names, 2))];
  return lines.map((line) => `<p>${line.replaceAll('<', '&lt;')}</p>`).join('');
};

const eventLists = () => {
  const [[quote], ...rest] = sampleEvent().outcomes;
  const other: EventQuote = { ...quote, instrument: { ...quote.instrument, book: null } };
  const row = (event: string, closed: number, ends: readonly (number | null)[], symbols: readonly string[]) => ({
    event,
    markets: 2,
    closed,
    nextEnd: ends[0],
    lastEnd: ends[1],
    symbols,
    titles: ['Rain on Monday?', 'Rain on Tuesday?'],
  });
  const lists = renderEventsPage(
    [row('a:1', 0, [AS_OF, AS_OF], ['A', 'B']), row('a:2', 1, [AS_OF - HOUR, AS_OF], []), row('a:3', 2, [null, null], ['C'])],
    {
      now: AS_OF,
      madeBy: 'PredictLab 0.1.0',
      twins: [
        { quotes: [quote, other], difference: { value: 0.02, of: 'last prices' } },
        { quotes: [other, rest[0][0]], difference: { value: -0.01, of: 'quotes' } },
      ],
    },
  );
  const empty = renderEventsPage([], { now: AS_OF, twins: [], madeBy: 'PredictLab 0.1.0' });
  return lists + empty;
};

const symbolList = () => {
  const states = ['success', 'failed', null, 'degraded', 'success'] as const;
  const rows = states.map(
    (state, i): SymbolIndexRow => ({
      symbol: `S${i}`,
      title: `Market ${i}`,
      enabled: i !== 1,
      priority: i + 1,
      href: i === 2 ? null : `/symbols/S${i}`,
      state,
      gaps: i === 0 ? null : { gaps: i, totalMs: i * HOUR, lastEnd: AS_OF - i * HOUR },
      last: i === 2 ? null : { time: AS_OF - i * HOUR, price: i === 3 ? 1 : 0.4 * i - 0.1 },
      spark: Array.from({ length: i * 20 }, (_, k) => ({ time: AS_OF - (i * 20 - k) * HOUR, price: 0.3 + (k % 7) / 20 })),
      sparkStep: HOUR,
    }),
  );
  return renderSymbolsPage(rows, { now: AS_OF, madeBy: 'PredictLab 0.1.0' });
};

const incidentList = () => {
  const names = (count: number, name: string) => Array.from({ length: count }, (_, i) => `${name}${i}`);
  const incidents = [0, 1, 5, 6].map((count, i) => ({
    id: String(i + 1),
    cause: `collect: venue ${i} answered 503`,
    severity: 'normal' as const,
    openedAt: at(-3600 * (i + 1)),
    closedAt: i === 3 ? at(-60) : null,
    runs: names(count, 'run-'),
    symbols: names(count, 'S'),
    deliveries: [0, 1, 3].slice(0, i).map((attempts) => ({
      event: 'opened' as const,
      sink: 'webhook',
      deliveredAt: attempts === 1 ? AS_OF : null,
      attempts,
      error: attempts === 3 ? 'refused' : null,
    })),
  }));
  return renderIncidentsPage(incidents, { now: AS_OF, madeBy: 'PredictLab 0.1.0' });
};

const planned = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    taskId: `S${i}/collect`,
    action: 'collect',
    priority: 3,
    critical: i % 2 === 0,
    dependencies: i === 0 ? [] : ['S0/collect', 'x'],
    reason: 'all',
  })) as never;

const pictures = () =>
  [...symbolPictures(symbolAtLimits()), ...runPictures(sampleRun()), ...runPictures(largeRun())].map(pictureSvg).join('');

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
  'symbol-at-limits': () => renderSymbolPage(symbolAtLimits(), null),
  pictures,
  'large-run': livePart,
  'large-run-shadows': () => renderRunPage({ ...largeRun(), config: null, symbols: [] }),
  changes,
  lists: () =>
    eventLists() +
    symbolList() +
    incidentList() +
    [0, 1, 3].map((count) => renderPlanPage(planned(count), { now: AS_OF, madeBy: 'PredictLab 0.1.0', control: count > 0 })).join(''),
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

/** The page without styles and scripts, but with its data, one element per line, so that a change of what is drawn reads well in a diff. */
const readable = (page: string): string =>
  `${page.replace(/<(style|script)(?! type="application\/json")([^>]*)>[\s\S]*?<\/\1>/g, '<$1$2/>').replaceAll('><', '>\n<')}\n`;

describe('a page with sample data', () => {
  it.each(Object.keys(PAGES))('equals its recorded HTML: %s (after a wanted change: vitest -u, and read the diff)', async (name) => {
    await expect(readable(PAGES[name]())).toMatchFileSnapshot(path.join(import.meta.dirname, `recorded/${name}.html`));
  });
});
