import { describe, expect, it } from 'vitest';
import type { TaskResult } from '../../src/contracts/run/pipeline-status.ts';
import { livePartsOf, renderRunPage } from '../../src/report/run/run-page.ts';
import { resultOf, sampleConfig, sampleRow, sampleRun } from './sample-run.ts';

const textOf = (page: string): string =>
  page
    .replace(/<(script|style)[\s\S]*?<\/\1>/g, '')
    .replace(/<[^>]*>/g, '')
    .replace(/\s+/g, ' ');

describe('the page of a run', () => {
  const page = renderRunPage(sampleRun());

  it('shows the result as a symbol and a word, the counts, and the duration compared with the usual one', () => {
    expect(textOf(page)).toMatch(/▲ degraded.*8 symbols ?49 tasks: 44 success, 1 failed, 4 skipped.*26\.0 s \(usual 26\.0 s/);
  });

  it('shows the causes before the tasks', () => {
    expect(page.indexOf('SourceSchemaChanged')).toBeLessThan(page.indexOf('<h2>Tasks'));
  });

  it('links to the pages of those symbols that have one', () => {
    expect(page).toContain('href="BTC_PRICE.html"');
    expect(page).not.toContain('href="US_SENATE.html"');
  });

  it('states the reason for every missing number', () => {
    expect(page.match(/class="dash">–<\/span><span class="tip-text">\s*\S/g)?.length).toBe(page.match(/class="dash"/g)?.length);
    expect(page).toContain('fewer than 2 daily returns');
  });

  it('is the same bytes for the same data', () => {
    expect(renderRunPage(sampleRun())).toBe(page);
  });

  it('sends no request to the network', () => {
    expect(page).not.toMatch(/<(link|img|iframe|object|embed|source|video)[^>]+(src|href)="(?!data:)/);
    expect(page).not.toMatch(/url\((?!#)/);
    expect(page).not.toContain('@import');
  });

  it('shows hostile names as text', () => {
    const evil = '<script>alert(1)</script><img src=x onerror=alert(1)>"\'';
    const data = sampleRun();
    const hostile = renderRunPage({
      ...data,
      result: {
        ...data.result,
        runId: evil,
        reasons: [evil],
        taskResults: { ...data.result.taskResults, [evil]: { status: 'failed', error: { type: evil, message: evil } } },
      },
      inputText: evil,
      changes: [evil],
      previous: { runId: evil, result: evil, finishedAt: null, href: null },
      temporalUrl: 'javascript:alert(1)',
      symbols: data.symbols.map((row) => ({ ...row, title: evil })),
      gaps: [{ symbol: evil, instrument: evil, from: 0, to: 1 }],
      versions: { [evil]: evil },
      madeBy: evil,
    });
    expect(hostile).not.toContain('<script>alert');
    expect(hostile).not.toContain('<img');
    expect(hostile).not.toContain('href="javascript');
  });

  it('exists for a run that failed before its first task', () => {
    const failed = renderRunPage({
      ...sampleRun(),
      result: resultOf({ 'A/collect': { status: 'failed', error: { type: 'BadInput', message: 'no key' } } }, { result: 'failed' }),
      config: sampleConfig(['A']),
      symbols: [],
      usual: null,
      previous: null,
      gaps: [],
      changes: [],
    });
    expect(textOf(failed)).toContain('A/collect failed after 1 attempt: BadInput: no key');
    expect(textOf(failed)).toContain('no earlier run to compare with');
  });

  it('shows the failure of a venue once, whatever the venue answered to each symbol', () => {
    const reason = 'predict failed (SourceBlocked): its edge blocks this address or region';
    const without = (symbol: string): [string, TaskResult] => [
      `${symbol}/collect`,
      { status: 'success', degraded: [reason], output: { ticks: 1, failedSources: { predict: `predict answered 403 for ${symbol}` } } },
    ];
    const text = textOf(
      renderRunPage({
        ...sampleRun(),
        result: resultOf(Object.fromEntries(['A', 'B', 'C'].map(without)), {
          result: 'degraded',
          reasons: [`A/collect and 2 more: ${reason}`],
        }),
        config: sampleConfig(['A', 'B', 'C']),
        gaps: [],
      }),
    );
    expect(text).toContain('A/collect and 2 more: predict failed');
    expect(text.match(/predict answered 403/g)).toBeNull();
    const causes = text.slice(0, text.indexOf('Tasks'));
    expect(causes.match(/its edge blocks this address/g)).toHaveLength(1);
  });

  it('shows a cause once: the head refers to an incident by its time when the causes below describe it', () => {
    const data = sampleRun();
    const failed = Object.entries(data.result.taskResults).find(([, { status }]) => status === 'failed');
    if (failed === undefined) throw new Error('a task of the sample failed');
    const message = failed[1].error?.message ?? '';
    const incident = { id: '1', cause: `collect: ${message}`, openedAt: '2026-11-24T08:00:00Z', closedAt: null, runs: [], symbols: [] };
    const head = (cause: string): string =>
      String(livePartsOf({ ...data, incidents: [{ ...incident, cause } as never] }, true).head).replace(
        /<span class="tip-text".*?<\/span>/g,
        '',
      );
    expect(head(incident.cause)).toContain('stated below');
    expect(head(incident.cause)).not.toContain(message);
    expect(head('collect: something else')).toContain('something else');
  });

  it('lists requests that a venue refused, even if every task succeeded', () => {
    const answers = { 'polymarket/data': { '200': 60, '503': 40, none: 7 }, 'polymarket/clob': { '200': 9 } };
    const collected = { status: 'success', attempts: 1, output: { ticks: 1, answers } } as const;
    const result = resultOf({ 'A/collect': collected, 'B/collect': collected }, { result: 'success', reasons: [] });
    const text = textOf(renderRunPage({ ...sampleRun(), result, config: sampleConfig(['A', 'B']), gaps: [] }));
    expect(text).toMatch(/polymarket\/data: 44\s?% of 214 requests for 2 symbols .*: 80 answered 503, 14 without an answer/);
    expect(text).not.toContain('polymarket/clob:');
    expect(text).not.toContain('Every task succeeded');
  });

  it('has one line per venue for its changes and announcements, which do not degrade the run', () => {
    const venueChanges = ['a', 'b', 'c', 'd'].map((name) => `polymarket /v2/trades: has the new field "${name}"`);
    const collected = { status: 'success', attempts: 1, output: { ticks: 1, venueChanges } } as const;
    const result = resultOf({ 'A/collect': collected, 'B/collect': collected }, { result: 'success', reasons: [] });
    const text = textOf(renderRunPage({ ...sampleRun(), result, config: sampleConfig(['A', 'B']), gaps: [] }));
    expect(text).toMatch(
      /polymarket has changed, and no row is lost yet: \/v2\/trades: has the new field &quot;a&quot;.*; and 1 more; &quot;predictlab probe/,
    );
    expect(text.match(/polymarket has changed/g)).toHaveLength(1);
    const three = { ...collected, output: { ticks: 1, venueChanges: venueChanges.slice(1) } };
    const all = resultOf({ 'A/collect': three, 'B/collect': three }, { result: 'success', reasons: [] });
    expect(textOf(renderRunPage({ ...sampleRun(), result: all, config: sampleConfig(['A', 'B']), gaps: [] }))).toMatch(
      /has the new field &quot;d&quot;; &quot;predictlab probe/,
    );
  });

  it('states that an open run is paused, and does not compare it with an earlier run', () => {
    const { result, ...rest } = sampleRun();
    const open = { ...result, result: 'running' as const, paused: true, finishedAt: null };
    const text = textOf(renderRunPage({ ...rest, result: open, changes: [] }));
    expect(text).toContain('running, paused');
    expect(text).toContain('compared once the run has ended');
    expect(textOf(renderRunPage({ ...rest, result: { ...result, paused: true } }))).not.toContain('paused');
  });

  it.each([
    [0.05, false, null],
    [0.1, false, '1 m 30 s'],
    [0.5, false, '10.0 s'],
    [0.5, true, null],
    [1, false, null],
  ])('estimates the remaining time of an open run (%d done, paused: %s): %s', (progress, paused, left) => {
    const { result, ...rest } = sampleRun();
    const open = { ...result, result: 'running' as const, paused, progress, durationSeconds: 10, finishedAt: null };
    const text = textOf(renderRunPage({ ...rest, result: open, changes: [] }));
    expect(/about ([\d.ms ]+) left/.exec(text)?.[1] ?? null).toBe(left);
  });

  it('exists for a run with custom tasks only, and for one without any task', () => {
    const bare = { ...sampleRun(), config: sampleConfig([]), symbols: [], gaps: [] };
    expect(textOf(renderRunPage({ ...bare, result: resultOf({ notify: { status: 'success', durationSeconds: 1 } }) }))).toContain('notify');
    expect(textOf(renderRunPage({ ...bare, result: resultOf({}), inputText: null, config: null }))).toContain('no task has run');
  });

  it('shows the custom tasks that need attention when there are too many for the page, and states how many are not shown', () => {
    const names = Array.from({ length: 400 }, (_, i) => `task-${i}`);
    const waits: TaskResult = { status: 'pending', attempts: 2 };
    const tasks = Object.fromEntries(
      names.map((name, i): [string, TaskResult] => [name, i === 399 ? waits : { status: 'success', attempts: 1 }]),
    );
    const many = renderRunPage({ ...sampleRun(), config: sampleConfig([]), symbols: [], gaps: [], result: resultOf(tasks) });
    expect(many).toMatch(/task-399<\/th>/);
    expect(textOf(many)).toContain('100 more custom tasks; those that need attention stand above');
  });

  it('has a limited size for ten thousand symbols, and shows those that failed', () => {
    const symbols = Array.from({ length: 10_000 }, (_, i) => `SYMBOL_${i}`);
    const tasks = Object.fromEntries(
      symbols.map((symbol): [string, TaskResult] => [
        symbol,
        { status: symbol === 'SYMBOL_9999' ? 'failed' : 'success', attempts: 1, durationSeconds: 1, startedAt: '2026-11-24T08:00:00.000Z' },
      ]),
    );
    const large = renderRunPage({
      ...sampleRun(),
      result: resultOf(tasks),
      config: sampleConfig(symbols),
      symbols: symbols.slice(0, 300).map(sampleRow),
      inputText: '{}',
    });
    expect(large.length).toBeLessThan(2_000_000);
    expect(textOf(large)).toContain('9 940 more symbols');
    expect(large).toContain('SYMBOL_9999: failed');
  });
});
