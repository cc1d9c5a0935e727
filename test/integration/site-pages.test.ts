import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Instrument } from '../../src/contracts/market-data.ts';
import { type BacktestRecord, saveBacktests } from '../../src/storage/backtests/backtests.ts';
import { importSymbols } from '../../src/storage/markets/catalogue.ts';
import { saveInstruments } from '../../src/storage/markets/instruments.ts';
import { runOf } from '../../src/storage/runs/runs.ts';
import { serveUi, type Ui } from '../../src/ui/serve-ui.ts';
import { CHROMIUM, launchBrowser } from '../support/browser.ts';
import { createRig, type Rig } from '../support/rig.ts';
import { silent } from '../support/silent.ts';
import { scriptedStages } from '../support/stages.ts';

const NAMES = Array.from({ length: 1_000 }, (_, i) => `S${String(i).padStart(4, '0')}`);

const OUTCOME: Instrument = {
  id: 'polymarket:0xc',
  source: 'polymarket',
  market: 'probability',
  title: 'Snow?',
  outcomes: ['Yes', 'No'],
  outcomeIds: ['1', '2'],
  opensAt: null,
  closesAt: Date.now() + 3_600_000,
  closed: false,
  resolution: { kind: 'open' },
  fees: null,
  tickSize: 0.001,
  twins: [],
  book: { bid: 0.4, ask: 0.45, at: Date.now() },
  reference: 'snow',
};

/** Bytes of a page as it crosses the wire. */
async function wireBytes(address: string): Promise<number> {
  const answer = await fetch(address, { headers: { 'accept-encoding': 'gzip' } });
  expect(answer.headers.get('content-encoding')).toBe('gzip');
  // fetch decompresses; the length is stated of what was sent
  return Number(answer.headers.get('content-length'));
}

describe('the pages for all symbols', () => {
  let rig: Rig;
  let ui: Ui;
  let runId: string;
  beforeAll(async () => {
    rig = await createRig({
      stages: scriptedStages(async ({ taskId }) => {
        if (taskId === 'S0007/clean') throw new Error('broken');
      }),
    });
    const entries = NAMES.map((symbol, i) => ({
      symbol,
      title: i === 500 ? 'Will <b>it</b> rain?' : `Market ${i}`,
      enabled: i !== 3,
      priority: 3,
      sources: { file: [{ path: 'none.csv' }] },
    }));
    await importSymbols(rig.database, entries, { replace: true });
    const { database, home, lab } = rig;
    ui = await serveUi({ database, home, lab: async () => lab, plan: async () => [], port: 0, log: silent });
    runId = (await rig.run({ symbols: ['S0001', 'S0007'], untilStage: 'clean' }, 'four-hourly')).runId;
  });
  afterAll(async () => {
    await ui?.close();
    await rig?.close();
  });

  it('list every symbol with its state, the failed one first, in less than 400 KB of transfer', async () => {
    expect(await wireBytes(`${ui.address}/symbols`)).toBeLessThan(400_000);
    const text = await (await fetch(`${ui.address}/symbols`)).text();
    expect(text).toMatch(/1\s000 symbols/u);
    expect(text.indexOf('/symbols/S0007')).toBeLessThan(text.indexOf('/symbols/S0001'));
    expect(text).toContain('Will &lt;b&gt;it&lt;/b&gt; rain?');
  });

  it('find symbols by name and title, runs by id, and commands', async () => {
    const find = async (query: string): Promise<unknown> => await (await fetch(`${ui.address}/find${query}`)).json();
    expect(await find('?text=s0007')).toEqual([{ kind: 'symbol', name: 'S0007', href: '/symbols/S0007', about: 'Market 7' }]);
    expect(await find('?text=RAIN')).toMatchObject([{ name: 'S0500' }]);
    expect(await find('?text=four')).toEqual([{ kind: 'run', name: runId, href: `/runs/${runId}`, about: 'degraded' }]);
    expect(await find('?text=%25')).toEqual([]);
    expect(await find('')).toMatchObject([
      { kind: 'command', name: 'start a run', href: '/plan' },
      ...Array.from({ length: 11 }, () => ({ kind: 'command' })),
    ]);
    expect(await find('?text=backfill')).toMatchObject([{ kind: 'command', href: '/schedule' }]);
    expect(await find('?text=S0&text=x')).toHaveLength(12);
  });

  it('show the outcomes of an event with their twins, and list the events', async () => {
    const facts = (id: string, source: 'polymarket' | 'predict', more: object): Instrument => ({
      ...OUTCOME,
      id,
      source,
      title: id,
      ...more,
    });
    const group = { id: 'polymarket:rain', markets: 2 };
    await saveInstruments(rig.database, 'S0001', [
      facts('polymarket:0xa', 'polymarket', { event: 'polymarket:rain', group, fees: { model: 'polymarket', rate: 0.04 } }),
      facts('polymarket:0xb', 'polymarket', { event: 'polymarket:rain', group }),
    ]);
    await saveInstruments(rig.database, 'S0002', [facts('predict:7', 'predict', { event: 'predict:rain', twins: ['polymarket:0xa'] })]);
    const list = await (await fetch(`${ui.address}/events`)).text();
    expect(list).toContain('/events/polymarket%3Arain');
    expect(list).toContain('/symbols/S0002');
    const text = await (await fetch(`${ui.address}/events/${encodeURIComponent('polymarket:rain')}`)).text();
    expect(text).toContain('2 outcomes and strikes');
    expect(text).toContain('predict bid / ask');
    expect(text).toMatch(/sum of asks <b>0\.900<\/b>/);
    // 1 − (0.45 + 0.04 · 0.45 · 0.55) − 0.45
    expect(text).toContain('buying all outcomes earns +0.0901');
    expect((await fetch(`${ui.address}/events/none`)).status).toBe(404);
    expect(list, 'twins by their difference').toMatch(/Twins that differ most.*polymarket:0xa.*predict:7/su);
  });

  it('show how much of the last week was not collected for a symbol, up to its newest run', async () => {
    const now = Date.now();
    const [day, hour] = [86_400_000, 3_600_000];
    await rig.database.query(
      `insert into coverage (instrument, kind, ranges)
       select key, 0, int8multirange(int8range($1, $2), int8range($3, $4)) from instruments where id = any($5)`,
      [now - 9 * day, now - 2 * day, now - 2 * day + 3 * hour, now, ['polymarket:0xa', 'polymarket:0xb']],
    );
    const text = await (await fetch(`${ui.address}/symbols`)).text();
    expect(text.match(/title="1 gap, the last one until [^"]+">3 h 00 m</g)).toHaveLength(1);
  });

  it('show the research page: the best trials, the grid of one strategy, and two trials compared', async () => {
    const none = await (await fetch(`${ui.address}/research`)).text();
    expect(none).toContain('No run has backtests yet');
    const [instrumentKey] = (await saveInstruments(rig.database, 'S0001', [OUTCOME])).values();
    const record = (strategy: string, params: Record<string, number>, totalReturn: number): BacktestRecord => ({
      symbol: 'S0001',
      instrumentKey,
      priceType: 'trade',
      interval: '1h',
      strategy,
      params,
      metrics: {
        totalReturn,
        sharpe: totalReturn * 10,
        trades: 1,
        undefined: {},
        weak: {},
        benchmark: { buyAndHold: { totalReturn: 0.01 } },
      },
      trades: [
        {
          entryTime: 0,
          exitTime: 3_600_000,
          side: 'long',
          size: totalReturn,
          entryPrice: 0.5,
          exitPrice: 0.6,
          pnl: 1,
          fees: 0,
          end: 'signal',
        },
      ],
      equity: { time: [0, 3_600_000], equity: [10_000, 10_000 * (1 + totalReturn)] },
      passport: {},
    });
    const grid = [5, 6, 7].flatMap((fast) => [20, 30, 40].map((slow) => record('sma-cross', { fast, slow }, (fast + slow) / 1000)));
    const executionId = (await runOf(rig.database, runId))?.executionId ?? '';
    await rig.database.transaction((turn) => saveBacktests(turn, { runId, executionId }, [...grid, record('buy-and-hold', {}, 0.01)]));
    const text = await (await fetch(`${ui.address}/research?symbol=S0001&strategy=sma-cross`)).text();
    expect(text).toContain('2 strategies on 1 symbol');
    expect(text).toMatch(/◆ 0\.47/);
    expect(text).toMatch(/<b>0<\/b> of 1 position are the same/);
    const [a, b] = [...text.matchAll(/[?&]a=(\d+)/g)].map(([, id]) => id).slice(-2);
    const other = await (await fetch(`${ui.address}/research?symbol=S0001&strategy=sma-cross&a=${a}&b=${b}`)).text();
    expect(other).toContain('Compare trade by trade');
    expect((await fetch(`${ui.address}/research?symbol=none&a=x&b=99999`)).status).toBe(200);
  });

  it('state how to create a schedule while there is none, and show it once it exists', async () => {
    const before = await (await fetch(`${ui.address}/schedule`)).text();
    expect(before).toContain('predictlab schedule create');
    await rig.lab.schedules.create({
      input: { symbols: ['S0001'], tasks: [{ taskId: 'n', activity: 'httpGet', args: [{ url: 'https://u:hunter2@desk.test/' }] }] },
    });
    const after = await (await fetch(`${ui.address}/schedule`)).text();
    expect(after).toContain('0 */4 * * *');
    expect(after).toContain('S0001');
    expect(after).not.toContain('hunter2');
    await rig.lab.schedules.delete();
  });

  describe.skipIf(CHROMIUM === undefined)('in a browser', () => {
    let browser: Browser;
    let page: Page;
    beforeAll(async () => {
      browser = await launchBrowser();
      page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    });
    afterAll(() => browser?.close());

    it('filter by text, state and enabled, and mark the current page of the navigation', async () => {
      await page.goto(`${ui.address}/symbols`);
      expect(await page.locator('nav [aria-current]').textContent()).toBe('Symbols');
      const shown = async (): Promise<number> => await page.locator('table.symbols tbody tr:visible').count();
      await page.fill('#filter', 'rain');
      expect(await shown()).toBe(1);
      expect(await page.textContent('#shown')).toBe('1 of 1000');
      await page.fill('#filter', '');
      await page.selectOption('#states', 'failed');
      expect(await shown()).toBe(1);
      await page.selectOption('#states', '');
      await page.check('#enabled');
      expect(await shown()).toBe(999);
    });

    it('open a run from the search field with the keyboard alone', async () => {
      await page.goto(`${ui.address}/symbols`);
      await page.keyboard.press('/');
      await page.keyboard.type('four');
      await page.locator('#found a').first().waitFor();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await page.waitForURL(`**/runs/${runId}`);
      await page.keyboard.press('/');
      await page.keyboard.type('start a run');
      await page.locator('#found a', { hasText: 'start a run' }).waitFor();
      await page.keyboard.press('Enter');
      await page.waitForURL('**/plan');
      await page.goBack();
      expect(await page.locator('nav [aria-current]').textContent()).toBe('Runs');
    });

    it.each(['/symbols', '/events', '/events/polymarket%3Arain', '/research', '/schedule', '/plan', '/'])(
      'have no serious accessibility problem, also on a phone: %s',
      async (path) => {
        for (const width of [1440, 390]) {
          await page.setViewportSize({ width, height: 900 });
          await page.goto(ui.address + path);
          // axe looks at every visible element: a few rows are as good as a thousand
          if (path === '/symbols') await page.fill('#filter', 'S000');
          await page.evaluate(axe.source);
          const { violations } = await page.evaluate(async () => await (globalThis as unknown as { axe: typeof axe }).axe.run());
          expect(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id }) => id)).toEqual([]);
        }
      },
    );
  });
});
