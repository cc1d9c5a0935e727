import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import axe from 'axe-core';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chartLibrary, placeChartLibrary } from '../../src/activities/report/chart-library.ts';
import { renderHistoryPage } from '../../src/report/history/history-page.ts';
import { renderRunPage } from '../../src/report/run/run-page.ts';
import { renderSymbolPage } from '../../src/report/symbol/symbol-page.ts';
import { sampleHistory } from '../report/sample-history.ts';
import { sampleRun } from '../report/sample-run.ts';
import { sampleInstrument, sampleSymbol } from '../report/sample-symbol.ts';
import { CHROMIUM, launchBrowser } from '../support/browser.ts';

interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly help: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
  }[];
}

/** Scrolls an element to the middle of the window; runs in the page. */
const CENTRE = (element: unknown): void =>
  (element as { scrollIntoView(options: { block: 'center' }): void }).scrollIntoView({ block: 'center' });

describe.skipIf(CHROMIUM === undefined)('pages in a browser (skipped where no Chromium is installed; CHROMIUM names one)', () => {
  let folder: string;
  let browser: Browser;
  const problems: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'predictlab-pages-'));
    const two = sampleSymbol({
      instruments: [
        sampleInstrument(),
        sampleInstrument({
          title: 'A second market',
          closed: true,
          resolution: { kind: 'settled', payout: 1, at: Date.parse('2026-11-23T12:00Z') },
        }),
      ],
      others: [sampleInstrument({ title: 'A third market' })],
      instrumentCount: 3,
    });
    writeFileSync(path.join(folder, 'index.html'), renderRunPage(sampleRun()));
    // with the library beside it, as in the folder of a run, and inside it, as the live pages send it
    writeFileSync(
      path.join(folder, 'BTC_PRICE.html'),
      renderSymbolPage(two, await placeChartLibrary(path.join(folder, 'reports'), folder)),
    );
    writeFileSync(path.join(folder, 'alone.html'), renderSymbolPage(two, await chartLibrary()));
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it.each([
    [1440, 'light'],
    [1920, 'dark'],
    [390, 'dark'],
  ] as const)('the history shows the newest of 30 runs and a failed one without scrolling, at %i px, %s', async (width, colorScheme) => {
    writeFileSync(path.join(folder, 'history.html'), renderHistoryPage(sampleHistory(30, { failed: [27] })));
    const context = await browser.newContext({ viewport: { width, height: 700 }, colorScheme });
    const page = await context.newPage();
    await page.goto(pathToFileURL(path.join(folder, 'history.html')).href);
    for (const run of ['run-29', 'run-28', 'run-27']) {
      const box = await page.locator(`th.run a[title="${run}"]`).boundingBox();
      expect(box === null ? Number.NaN : box.x + box.width, run).toBeLessThanOrEqual(width);
    }
    expect(await page.locator('th.run.bad').count()).toBe(1);
    const colours = await page.evaluate(
      "['td.bad','td:not(.bad)'].map((cell)=>getComputedStyle(document.querySelector('.history '+cell)).backgroundColor)",
    );
    expect(new Set(colours as string[]).size).toBe(2);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    const table = await page.locator('.history').boundingBox();
    expect(table?.width ?? 0).toBeGreaterThan(width === 390 ? 300 : 1_300);
    await context.close();
  });

  it('a report page is no wider than the window, however long its words are', async () => {
    const long = 'W'.repeat(10_000);
    // every sentence: titles, errors, reasons, notes
    const stretched = <T>(value: T): T => {
      if (typeof value === 'string') return (value.includes(' ') ? `${long} ${value}` : value) as T;
      if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || value instanceof Map || value instanceof Set)
        return value;
      if (Array.isArray(value)) return value.map(stretched) as T;
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, stretched(inner as unknown)])) as T;
    };
    const run = stretched(sampleRun());
    const pages = {
      'long.html': renderRunPage({ ...run, result: { ...run.result, runId: long } }),
      'long-symbol.html': renderSymbolPage(stretched(sampleSymbol()), await chartLibrary()),
    };
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    for (const [name, html] of Object.entries(pages)) {
      writeFileSync(path.join(folder, name), html);
      const page = await context.newPage();
      await page.goto(pathToFileURL(path.join(folder, name)).href);
      expect(await page.evaluate('document.documentElement.scrollWidth'), name).toBeLessThanOrEqual(1280);
    }
    await context.close();
  });

  /** Browser contexts by the restrictions of their pages, since creating one costs a second of CPU. Pages change other settings themselves. */
  const contexts = new Map<string, Promise<BrowserContext>>();
  const contextWith = (options: BrowserContextOptions): Promise<BrowserContext> => {
    const key = JSON.stringify(options);
    const known = contexts.get(key) ?? browser.newContext(options);
    contexts.set(key, known);
    return known;
  };

  interface Look extends Pick<BrowserContextOptions, 'bypassCSP' | 'javaScriptEnabled'> {
    /** @default 1280 */
    readonly width?: number;
    /** @default 'light' */
    readonly colorScheme?: 'light' | 'dark';
  }
  const open = async (name: string, { width = 1280, colorScheme = 'light', ...restrictions }: Look = {}): Promise<Page> => {
    const page = await (await contextWith(restrictions)).newPage();
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme });
    page.on('console', (message) => problems.push(message.text()));
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('request', (request) => {
      if (!/^(file|data):/.test(request.url())) problems.push(`asked the network for ${request.url()}`);
    });
    await page.goto(pathToFileURL(path.join(folder, name)).href);
    return page;
  };

  it.each([
    ['index.html', 'light', 1280],
    ['index.html', 'dark', 390],
    ['BTC_PRICE.html', 'light', 1280],
    ['BTC_PRICE.html', 'dark', 390],
  ] as const)('%s has no accessibility violation that axe finds, %s, %i px wide', async (name, colorScheme, width) => {
    // the test injects axe, which the page's own content policy would refuse
    const page = await open(name, { colorScheme, width, bypassCSP: true });
    await page.addScriptTag({ content: axe.source });
    const results = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as AxeResults;
    const found = results.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`);
    expect(found).toEqual([]);
    await page.close();
  });

  it.each([1280, 390])('a report page has nothing that is wider than the window of %i px', async (width) => {
    for (const name of ['index.html', 'BTC_PRICE.html']) {
      const page = await open(name, { width });
      expect(await page.evaluate('document.documentElement.scrollWidth'), name).toBeLessThanOrEqual(width);
      await page.close();
    }
  });

  it('live charts take exactly the space of the static pictures', async () => {
    const still = await open('BTC_PRICE.html', { javaScriptEnabled: false });
    const live = await open('BTC_PRICE.html');
    await live.waitForSelector('.is-live canvas');
    const heights = async (page: Page): Promise<(number | undefined)[]> => {
      const boxes = await page.locator('section').all();
      return await Promise.all(boxes.map(async (box) => (await box.boundingBox())?.height));
    };
    expect(await heights(live)).toEqual(await heights(still));
    // the library lays its canvases out in a table, which the page's own rules for tables must leave alone
    const cut = `[...document.querySelectorAll('.live canvas')].filter((canvas) => canvas.clientWidth > canvas.closest('td').clientWidth).length`;
    expect(await live.evaluate(cut)).toBe(0);
    await still.close();
    await live.close();
  });

  it('the live page of a run of 60 symbols has at most 100 tab stops; arrow keys go from task to task', async () => {
    const symbols = Array.from({ length: 60 }, (_, i) => `SYMBOL_${i}`);
    const run = sampleRun(symbols);
    const live = { events: null, task: 'task?task=', actions: 'actions/', control: true };
    writeFileSync(
      path.join(folder, 'live.html'),
      renderRunPage({ ...run, result: { ...run.result, finishedAt: null, result: 'running' } }, live),
    );
    const page = await open('live.html', { bypassCSP: true });
    const next = `(() => { const at = document.activeElement; if (at === document.body || at.dataset.seen) return false; at.dataset.seen = '1'; return true })()`;
    let stops = 0;
    for (await page.keyboard.press('Tab'); stops < 200 && (await page.evaluate(next)); stops++) await page.keyboard.press('Tab');
    expect(stops).toBeGreaterThan(60);
    expect(stops).toBeLessThanOrEqual(100);
    await page.locator('[data-task="SYMBOL_0/collect"]').focus();
    for (const key of ['ArrowDown', 'ArrowRight', 'ArrowRight']) await page.keyboard.press(key);
    expect(await page.evaluate('document.activeElement.dataset.task')).toBe('SYMBOL_1/store');
    await page.close();
  });

  it('charts are live also in a page that embeds the chart library', async () => {
    const page = await open('alone.html');
    expect(await page.waitForSelector('.is-live canvas')).not.toBeNull();
    await page.close();
  });

  it('a chart zooms with its buttons, and with the wheel once it was clicked; its address keeps the visible range', async () => {
    const page = await open('BTC_PRICE.html');
    await page.waitForSelector('.is-live canvas');
    const plot = page.locator('.panel:visible .plot').first();
    const hash = async (): Promise<string> => await page.evaluate('location.hash');
    /** Waits until the address names another range; returns it. */
    const changed = async (before: string): Promise<string> => {
      await expect.poll(hash).not.toBe(before);
      return await hash();
    };
    await plot.getByRole('button', { name: 'zoom in' }).click();
    const zoomed = await changed('');
    expect(zoomed).toMatch(/^#i0-c\d@\d{4}-\d\d-\d\dT\d\d:\d\dZ\.\.\d{4}-\d\d-\d\dT\d\d:\d\dZ$/);
    await plot.getByRole('button', { name: 'log scale' }).click();
    expect(await plot.getByRole('button', { name: 'log scale' }).getAttribute('aria-pressed')).toBe('true');
    const box = (await plot.boundingBox()) ?? { x: 0, y: 0 };
    await page.mouse.click(box.x + 200, box.y + 100);
    await page.mouse.wheel(0, -300);
    const wheeled = await changed(zoomed);
    await plot.getByRole('button', { name: 'fit all' }).click();
    await changed(wheeled);
    await page.close();
    const linked = await open('BTC_PRICE.html');
    await linked.goto(linked.url() + zoomed.replace(/c\d@/, 'c1@'));
    await linked.reload();
    expect(await linked.locator('.tabs input').nth(1).isChecked()).toBe(true);
    await linked.waitForSelector('.panel:nth-child(2) .is-live canvas');
    await linked.close();
  });

  it('the wheel scrolls the page over a chart that was not clicked', async () => {
    const page = await open('BTC_PRICE.html');
    await page.waitForSelector('.is-live canvas');
    await page.locator('.panel:visible .plot').first().hover();
    await page.mouse.wheel(0, 300);
    await expect.poll(async () => await page.evaluate('scrollY')).toBeGreaterThan(0);
    expect(await page.evaluate('location.hash')).toBe('');
    await page.close();
  });

  it('one finger on a touch screen scrolls the page over a chart, and two fingers zoom the chart', async () => {
    const context = await browser.newContext({ viewport: { width: 390, height: 800 }, hasTouch: true, isMobile: true });
    const page = await context.newPage();
    await page.goto(pathToFileURL(path.join(folder, 'BTC_PRICE.html')).href);
    await page.waitForSelector('.is-live canvas');
    await page.locator('.panel:visible .plot').first().evaluate(CENTRE);
    const touch = await context.newCDPSession(page);
    /** Moves fingers in ten steps, each from its start by its way. */
    const move = async (fingers: readonly { readonly x: number; readonly y: number; readonly by: readonly [number, number] }[]) => {
      const at = (step: number) =>
        fingers.map(({ x, y, by: [right, down] }) => ({ x: x + (right * step) / 10, y: y + (down * step) / 10 }));
      await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: at(0) });
      for (let step = 1; step <= 10; step++) {
        await touch.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: at(step) });
        await page.evaluate('new Promise((done) => requestAnimationFrame(done))');
      }
      await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    };
    const before = (await page.evaluate('scrollY')) as number;
    expect(before).toBeGreaterThan(0);
    await move([{ x: 150, y: 350, by: [0, -150] }]);
    await expect.poll(async () => await page.evaluate('scrollY')).toBeGreaterThan(before);
    expect(await page.evaluate('location.hash')).toBe('');
    await page.locator('.panel:visible .plot').first().evaluate(CENTRE);
    await move([
      { x: 140, y: 350, by: [-90, 0] },
      { x: 180, y: 350, by: [90, 0] },
    ]);
    await expect.poll(async () => await page.evaluate('location.hash')).toMatch(/^#i0-c\d@/);
    await context.close();
  });

  it('a chart shows the return of the chosen strategy below the prices, with one crosshair and one legend', async () => {
    const page = await open('BTC_PRICE.html');
    await page.waitForSelector('.is-live canvas');
    const plot = page.locator('.panel:visible .plot').first();
    await plot.scrollIntoViewIfNeeded();
    const box = (await plot.boundingBox()) ?? { x: 0, y: 0 };
    await page.mouse.move(box.x + 300, box.y + 60);
    await page.mouse.move(box.x + 302, box.y + 61);
    await expect.poll(async () => await page.locator('.panel:visible .legend .values').first().textContent()).toMatch(/volume .* %/);
    await page.close();
  });

  it('charts survive a window of one pixel, and show the same range once the window is wide again', async () => {
    const page = await open('BTC_PRICE.html');
    await page.waitForSelector('.is-live canvas');
    for (const width of [1, 390, 1280]) {
      await page.setViewportSize({ width, height: 900 });
      await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
    }
    const canvas = await page.locator('.panel:visible .is-live canvas').first().boundingBox();
    expect(canvas?.width ?? 0).toBeGreaterThan(1_000);
    await page.close();
  });

  it('another interval that is chosen by keyboard shows its chart at the same position', async () => {
    const page = await open('BTC_PRICE.html');
    const before = await page.locator('.panel:visible .plot').first().boundingBox();
    await page.locator('.tabs input').first().focus();
    await page.keyboard.press('ArrowRight');
    await expect.poll(async () => await page.locator('.tabs').first().locator('.is-live').count()).toBe(2);
    const after = await page.locator('.panel:visible .plot').first().boundingBox();
    expect(after).toEqual(before);
    expect(await page.locator('.panel:visible details summary').first().innerText()).toContain('Candles 4h');
    await page.close();
  });

  it('a table sorts by the clicked column, with unknown values last in both directions', async () => {
    const page = await open('index.html');
    const sharpes = async (): Promise<string[]> =>
      (await page.locator('.symbols tbody td:nth-child(9)').allInnerTexts()).map((text) => text.trim().slice(0, 5));
    const head = page.locator('.symbols th button', { hasText: 'sharpe' });
    await head.click();
    const down = await sharpes();
    await head.click();
    const up = await sharpes();
    expect(down.slice(0, 2)).toEqual(['2.40', '1.90']);
    expect(up[0]).toBe(down[down.length - 3]);
    expect([...down.slice(-2), ...up.slice(-2)].every((text) => text.startsWith('–'))).toBe(true);
    expect(await page.locator('.symbols th[aria-sort]').count()).toBe(1);
    await page.close();
  });

  it('an explanation is shown inside the window on focus, and hidden before', async () => {
    const page = await open('BTC_PRICE.html');
    const dash = page.locator('.strategies td .tip:has(.dash)').first();
    const text = dash.locator('.tip-text');
    const size = async (): Promise<number> => (await text.boundingBox())?.width ?? 0;
    expect(await size()).toBeLessThanOrEqual(1);
    await dash.focus();
    expect(await size()).toBeGreaterThan(100);
    const box = await text.boundingBox();
    expect(box?.x).toBeGreaterThanOrEqual(0);
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(1280);
    await page.close();
  });

  it('a report page prints its static pictures', async () => {
    const page = await open('BTC_PRICE.html', { colorScheme: 'dark' });
    await page.waitForSelector('.is-live canvas');
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('.live canvas').first().isVisible()).toBe(false);
    expect(await page.locator('.plot svg').first().isVisible()).toBe(true);
    expect(await page.evaluate('getComputedStyle(document.body).color')).toBe('rgb(0, 0, 0)');
    await page.close();
  });

  it('no page logs an error, violates its content policy or sends a request to the network', () => {
    expect(problems).toEqual([]);
  });
});
