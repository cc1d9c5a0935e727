import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SandboxVenue, startSandboxVenue } from '../../sandbox/venue.ts';
import type { PipelineResult } from '../../src/contracts/run/pipeline-status.ts';
import { runReportPath } from '../../src/report/elements/report-path.ts';
import { serveUi } from '../../src/ui/serve-ui.ts';
import { CHROMIUM, launchBrowser, seenToEnd } from '../support/browser.ts';
import { createRig, type Rig } from '../support/rig.ts';
import { importSandboxSymbols, SANDBOX_NOW, storedData } from '../support/sandbox-run.ts';
import { silent } from '../support/silent.ts';

const SYMBOLS = ['BTC_PRICE', 'ETH_PRICE', 'RATE_CUT', 'MATCH_ABANDONED'];
const INPUT = { symbols: SYMBOLS, daysBack: 2, asOf: new Date(SANDBOX_NOW).toISOString() };

describe('the pipeline over both venues', () => {
  let venue: SandboxVenue;
  let rig: Rig;
  let first: PipelineResult;

  beforeAll(async () => {
    venue = await startSandboxVenue({ now: SANDBOX_NOW });
    rig = await createRig({ env: venue.environment });
    await importSandboxSymbols(rig.database);
    first = await rig.run(INPUT);
  });
  afterAll(async () => {
    await rig.close();
    await venue.close();
  });

  it('succeeds for every stage of every symbol', () => {
    expect(first.reasons).toEqual([]);
    expect(first).toMatchObject({ result: 'success', totalTasks: 24, statusBreakdown: { success: 24 } });
    expect(first.taskResults['BTC_PRICE/collect'].output).toMatchObject({
      ticks: expect.any(Number),
      sources: { polymarket: expect.any(Number), predict: expect.any(Number) },
    });
  });

  it('stores exactly the ticks that the venues had in the window', async () => {
    const { rows: instruments } = await rig.database.query<{ key: number; id: string }>('select key, id from instruments order by id');
    expect(instruments.length).toBeGreaterThan(8);
    let compared = 0;
    for (const { key, id } of instruments) {
      const { rows } = await rig.database.query(
        'select time, price, size from ticks where instrument = $1 and kind = 0 order by time, seq',
        [key],
      );
      const from = SANDBOX_NOW - INPUT.daysBack * 86_400_000;
      const truth = venue.truth.ticks(id).filter((tick) => tick.time >= from && tick.time <= SANDBOX_NOW);
      expect(rows, id).toEqual(truth.map(({ time, price, size }) => ({ time, price, size })));
      compared += rows.length;
    }
    expect(compared).toBeGreaterThan(500);
  });

  it('builds candles and backtests of them, and writes a page for the run and for each symbol', async () => {
    const { rows } = await rig.database.query<{ candles: number; backtests: number }>(
      'select (select count(*)::int from candles) as candles, (select count(*)::int from backtests) as backtests',
    );
    expect(rows[0].candles).toBeGreaterThan(100);
    expect(rows[0].backtests).toBeGreaterThan(5);
    const index = runReportPath(rig.home, first.runId);
    expect(readFileSync(index, 'utf8')).toContain('BTC_PRICE');
    for (const symbol of SYMBOLS) expect(existsSync(index.replace('index.html', `${symbol}.html`)), symbol).toBe(true);
  });

  it('changes nothing when the same window runs again, with few requests per open instrument', async () => {
    const before = await storedData(rig.database);
    venue.requests.length = 0;
    const again = await rig.run(INPUT);
    expect(again.result).toBe('success');
    expect(await storedData(rig.database)).toEqual(before);
    expect(again.taskResults['BTC_PRICE/store'].output).toMatchObject({ inserted: 0 });
    const { rows } = await rig.database.query<{ open: number }>(
      "select count(*)::int as open from instruments where not (facts->>'closed')::boolean",
    );
    expect(venue.requests.length).toBeLessThanOrEqual(4 * rows[0].open + 2 * SYMBOLS.length);
  });

  it.skipIf(CHROMIUM === undefined)('is followed in a browser from start to end without console output', async () => {
    const { lab, database, home } = rig;
    const ui = await serveUi({ database, home, lab: async () => lab, plan: async () => [], port: 0, log: silent });
    const browser = await launchBrowser();
    try {
      const page = await browser.newPage();
      const problems: string[] = [];
      page.on('console', (message) => problems.push(message.text()));
      page.on('pageerror', (error) => problems.push(String(error)));
      venue.setFaults({ slow: 1, slowMs: 3_000 });
      await lab.start({ ...INPUT, symbols: ['RATE_CUT'], refetch: true }, { runId: 'watched' });
      await expect.poll(async () => (await fetch(`${ui.address}/runs/watched`)).status).toBe(200);
      await page.goto(`${ui.address}/runs/watched`);
      const words = (await page.locator('h1 + span').innerText()).trim();
      expect(words).toMatch(/running$/);
      venue.setFaults({});
      // the page reloads itself when the run ends
      await seenToEnd(page, { timeout: 60_000 });
      expect(await page.locator('[data-task$="/visualize"] .success').count()).toBe(1);
      expect(problems).toEqual([]);
      expect((await lab.result('watched')).result).toBe('success');
    } finally {
      await browser.close();
      await ui.close();
    }
  });
});
