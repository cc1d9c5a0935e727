import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PlannedTask } from '../../src/contracts/run/pipeline-status.ts';
import { importSymbols } from '../../src/storage/markets/catalogue.ts';
import { serveUi, type Ui } from '../../src/ui/serve-ui.ts';
import { CHROMIUM, launchBrowser, seenToEnd } from '../support/browser.ts';
import { createRig, type Rig } from '../support/rig.ts';
import { silent } from '../support/silent.ts';
import { gate, scriptedStages } from '../support/stages.ts';
import { importTestSymbols } from '../support/symbols.ts';

const TOKEN = 'token-of-the-test';
const PLAN: readonly PlannedTask[] = [
  { taskId: 'AAA/<collect>', dependencies: [], priority: 3, critical: false, action: 'run', reason: 'fetches what is lacking' },
];

describe('the live pages', () => {
  let rig: Rig;
  let ui: Ui;
  /** What stages wait for, by task id; a test opens it. */
  const gates = new Map<string, ReturnType<typeof gate>>();
  const heldBack = (taskId: string): ReturnType<typeof gate> => {
    const held = gate();
    gates.set(taskId, held);
    return held;
  };

  beforeAll(async () => {
    rig = await createRig({
      stages: scriptedStages(async ({ taskId, work }) => {
        work.log.info('a line of the test');
        await gates.get(taskId)?.opened;
        if (taskId === 'BBB/clean') throw new Error('<b>broken</b>');
      }),
    });
    await importTestSymbols(rig.database);
    const { database, home, lab } = rig;
    ui = await serveUi({ database, home, lab: async () => lab, plan: async () => PLAN, port: 0, token: TOKEN, control: true, log: silent });
  });
  afterAll(async () => {
    for (const held of gates.values()) held.open();
    await ui?.close();
    await rig?.close();
  });

  const get = async (path: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(ui.address + path, { headers });
    return { status: answer.status, text: await answer.text() };
  };
  const post = async (path: string, body: unknown, authorization?: string) => {
    const answer = await fetch(ui.address + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) },
      body: JSON.stringify(body),
    });
    return { status: answer.status, body: (await answer.json()) as { message: string; href?: string } };
  };
  /** Requests the run's changes, as a page does, until `enough` says so; all answers so far. */
  const events = async (runId: string, enough: (text: string) => boolean): Promise<string> => {
    let text = '';
    for (let since = 0; !enough(text); await new Promise((resolve) => setTimeout(resolve, 50))) {
      const answer = (await (await fetch(`${ui.address}/runs/${runId}/events?since=${since}`)).json()) as { revision: number };
      since = answer.revision;
      text += JSON.stringify(answer);
    }
    return text;
  };

  it('follow a run: send each change and its end, and then stop reading the run', async () => {
    const held = heldBack('AAA/kline');
    const { runId } = await rig.lab.start({ symbols: ['AAA'] }, { runId: 'live-1' });
    const first = await events(runId, (text) => /AAA\/store: success/.test(text));
    expect(first).toContain('"part":"head"');
    expect((await get(`/runs/${runId}`)).text).toMatch(/data-events="\/runs\/live-1\/events"/);
    const rest = events(runId, (text) => text.includes('"ended":true'));
    held.open();
    // the table shows the same verdict of a symbol as the grid above it
    expect(first + (await rest)).toContain('symbols:AAA');
    await rig.lab.result(runId);
    await expect.poll(() => ui.watched()).toBe(0);
    const closed = await get(`/runs/${runId}`);
    expect(closed.text).toContain('data-events=""');
    expect(closed.text).toMatch(/AAA\/visualize: success/);
    expect(await events(runId, (text) => text.includes('"ended":true'))).not.toContain('"part"');
  });

  it('show a task with its attempts, its error as text and its log lines', async () => {
    const { runId } = await rig.lab.start({ symbols: ['BBB'], retry: { maxRetries: 0 } }, { runId: 'live-2' });
    await rig.lab.result(runId).catch(() => undefined);
    const drawer = await get(`/runs/${runId}/task?task=${encodeURIComponent('BBB/clean')}`);
    expect(drawer.status).toBe(200);
    expect(drawer.text).toContain('&lt;b&gt;broken&lt;/b&gt;');
    expect(drawer.text).not.toContain('<b>broken');
    await expect.poll(async () => (await get(`/runs/${runId}/task?task=BBB%2Fclean`)).text).toContain('a line of the test');
    expect((await get(`/runs/${runId}/task?task=constructor`)).status).toBe(404);
    expect((await get(`/runs/${runId}/task?task=BBB%2Fclean&task=x`)).status).toBe(200);
  });

  it('follow the stages of the visible symbols of a large run, and of any symbol that is opened', async () => {
    const symbols = Array.from({ length: 61 }, (_, i) => `L${i}`);
    const catalogue = (some: readonly string[]) =>
      some.map((symbol) => ({ symbol, title: '', enabled: true, priority: 3, sources: { file: [{ path: 'none.csv' }] } }));
    await importSymbols(rig.database, catalogue(symbols), { replace: false });
    for (const many of [51, 61]) {
      const held = heldBack('L7/clean');
      const { runId } = await rig.lab.start(
        { symbols: symbols.slice(0, many), untilStage: 'clean', maxConcurrent: 20 },
        { runId: `large-${many}` },
      );
      if (many === 51) {
        const said = await events(runId, (text) => /L7\/clean: running/.test(text) && /L8\/clean: success/.test(text));
        expect(said).toMatch(/L7\/collect: success/);
      } else {
        const said = await events(runId, (text) => text.includes('60 success'));
        expect(said).toMatch(/data-task=\\"L7\\"/);
      }
      const drawer = await get(`/runs/${runId}/task?task=L7`);
      if (many === 61) expect(drawer.text).toMatch(/running<\/span>\s*L7\/clean/);
      const stage = await get(`/runs/${runId}/task?task=L7%2Fclean`);
      expect(stage).toMatchObject({ status: 200, text: expect.stringContaining('running') });
      held.open();
      await rig.lab.result(runId);
      expect((await get(`/runs/${runId}`)).text).toContain(many === 51 ? 'L7/clean: success' : 'title="L7: success"');
      expect((await get(`/runs/${runId}/task?task=L7%2Fclean`)).text).toContain('success');
    }
  }, 60_000);

  it('are also written to a file that needs no server, with the state of an open run and later its end', async () => {
    const held = heldBack('AAA/kline');
    const { runId } = await rig.lab.start({ symbols: ['AAA'] }, { runId: 'live-file' });
    const file = path.join(rig.home, 'reports', runId, 'index.html');
    const text = async (): Promise<string> => await readFile(file, 'utf8').catch(() => '');
    await expect.poll(text, { timeout: 60_000 }).toContain('AAA/store: success');
    const open = await text();
    expect(open).toContain('<title>running: live-file');
    expect(open).toContain('as it stood at');
    expect(open).toContain('AAA/kline: running');
    for (const [, link] of open.matchAll(/href="([^"]+)"/g))
      expect(link).toMatch(/^(#|data:|https?:|[^/]+\.html|\.\.\/[^/]+\/index\.html)/);
    held.open();
    await rig.lab.result(runId);
    expect(await text()).toContain('<title>success: live-file');
    expect(await text()).not.toContain('as it stood at');
  }, 90_000);

  it('show all runs next to each other with the worst state of each symbol', async () => {
    const page = await get('/');
    expect(page.status).toBe(200);
    expect(page.text).toContain('AAA in live-1: success');
    expect(page.text).toContain('BBB in live-2: failed');
    // what needs attention first
    expect(page.text.indexOf('BBB in live-2')).toBeLessThan(page.text.indexOf('AAA in live-1'));
    expect((await get('/plan')).text).toContain('AAA/&lt;collect&gt;');
    expect((await get('/symbols/AAA')).status).toBe(200);
  });

  it('link each cell to its own run, also when an id was used twice', async () => {
    const { executionId: first } = await rig.lab.start({ symbols: ['AAA'], untilStage: 'collect' }, { runId: 'twice' });
    await rig.lab.result('twice');
    const { executionId: second } = await rig.lab.start({ symbols: ['AAA'], untilStage: 'clean' }, { runId: 'twice' });
    await rig.lab.result('twice');
    const { text } = await get('/');
    for (const id of [first, second]) expect(text).toContain(`href="/runs/${id}"`);
    expect((await get(`/runs/${first}`)).text).not.toContain('AAA/clean');
    expect((await get(`/runs/${second}`)).text).toContain('AAA/clean');
  });

  it.each(['/runs/nope', '/runs/nope/events', '/symbols/NOPE', '/runs/live-1/symbols/..%2F..%2Findex', '/none'])(
    'answer %s with status 404 and a list of what exists',
    async (path) => {
      const answer = await get(path);
      expect(answer.status).toBe(404);
      expect((JSON.parse(answer.text) as { message: string }).message).toMatch(/\w+ \w+/);
      expect((await get(path, { accept: 'text/html' })).text).toContain('<h1>Not here</h1>');
    },
  );

  it('serve the files that the page of a symbol links to: the page of the run and the chart library', async () => {
    const folder = path.join(rig.home, 'reports', 'live-1');
    await writeFile(path.join(folder, 'charts-0a1b.js'), 'charts()');
    expect(await get('/runs/live-1/symbols/charts-0a1b.js')).toEqual({ status: 200, text: 'charts()' });
    expect((await get('/runs/live-1/symbols/charts-0a1c.js')).status).toBe(404);
    expect((await get('/runs/live-1/symbols/index.html')).text).toContain('<h1>live-1</h1>');
  });

  it('refuse an impossible run name in one sentence', async () => {
    const answer = await get('/runs/%00');
    expect(answer.status).toBe(400);
    expect((JSON.parse(answer.text) as { message: string }).message).toMatch(/\w+ \w+/);
  });

  it('accept actions only with the token, and report the result', async () => {
    const held = heldBack('AAA/backtest');
    const { runId } = await rig.lab.start({ symbols: ['AAA'] }, { runId: 'live-3' });
    expect(await post(`/runs/${runId}/pause`, {})).toMatchObject({ status: 401 });
    expect(await post(`/runs/${runId}/pause`, {}, 'Bearer wrong')).toMatchObject({ status: 401 });
    const bearer = `Bearer ${TOKEN}`;
    expect(await post(`/runs/${runId}/pause`, {}, bearer)).toMatchObject({ status: 200 });
    expect(await post(`/runs/${runId}/resume`, {}, bearer)).toMatchObject({ status: 200 });
    expect(await post(`/runs/${runId}/slots`, { value: 2 }, bearer)).toMatchObject({ status: 200, body: { message: '2 slots' } });
    expect(await post(`/runs/${runId}/slots`, { value: 'many' }, bearer)).toMatchObject({ status: 400 });
    expect(await post(`/runs/${runId}/constructor`, {}, bearer)).toMatchObject({ status: 404 });
    expect(await post(`/runs/${runId}/cancel`, {}, bearer)).toMatchObject({ status: 200 });
    held.open();
    await rig.lab.result(runId).catch(() => undefined);
    gates.clear();
    const again = await post(`/runs/${runId}/retry`, {}, bearer);
    expect(again).toMatchObject({ status: 200, body: { message: expect.stringMatching(/tasks are reused/) } });
    const retried = decodeURIComponent(again.body.href?.slice('/runs/'.length) ?? '');
    rig.started(retried);
    expect((await rig.lab.result(retried)).result).toBe('success');
  });

  describe.skipIf(CHROMIUM === undefined)('in a browser (skipped where no Chromium is installed; CHROMIUM names one)', () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await launchBrowser();
    });
    afterAll(() => browser?.close());

    it('follow a run to its end without console messages; a task opens, buttons act, and another window gets the token', async () => {
      const page = await (await browser.newContext({ bypassCSP: false })).newPage();
      const problems: string[] = [];
      page.on('console', (message) => problems.push(message.text()));
      page.on('pageerror', (error) => problems.push(String(error)));
      const [first, last] = [heldBack('AAA/clean'), heldBack('AAA/kline')];
      const { runId } = await rig.lab.start({ symbols: ['AAA'] }, { runId: 'live-5' });
      await expect.poll(async () => (await get(`/runs/${runId}`)).status).toBe(200);
      await page.goto(`${ui.address}/#token=${TOKEN}`);
      expect(page.url()).not.toContain(TOKEN);
      await page.goto(`${ui.address}/runs/${runId}`);
      await page.waitForSelector('[data-task="AAA/collect"] .success');
      await page.evaluate('window.sameDocument = true');
      first.open();
      await page.waitForSelector('[data-task="AAA/store"] .success');
      expect(await page.evaluate('window.sameDocument')).toBe(true);
      await page.click('[data-task="AAA/store"]');
      await page.waitForSelector('#drawer-content >> text=a line of the test');
      await page.keyboard.press('Escape');
      expect(await page.evaluate('document.activeElement.dataset.task')).toBe('AAA/store');
      await page.click('[data-action$="/pause"]');
      await page.waitForSelector('#acted >> text=paused');
      await page.click('[data-action$="/resume"]:not([disabled])');
      await page.waitForSelector('#acted >> text=resumed');
      // a window that is opened from here, as by Ctrl-click, gets the token from this one
      const other = await page.context().newPage();
      await other.goto(`${ui.address}/runs/${runId}`);
      await expect.poll(() => other.evaluate("sessionStorage.getItem('predictlab-token')")).toBe(TOKEN);
      await other.close();
      last.open();
      await seenToEnd(page);
      expect(problems).toEqual([]);
      await page.context().close();
    });

    it('make no request while hidden, and continue after an error', async () => {
      const page = await (await browser.newContext()).newPage();
      const [first, last] = [heldBack('AAA/clean'), heldBack('AAA/kline')];
      const { runId } = await rig.lab.start({ symbols: ['AAA'] }, { runId: 'live-6' });
      await expect.poll(async () => (await get(`/runs/${runId}`)).status).toBe(200);
      await page.route('**/events?*', (route) => route.fulfill({ status: 502, body: 'a proxy whose server is away' }));
      await page.goto(`${ui.address}/runs/${runId}`);
      await page.waitForSelector('#connection >> text=is lost');
      await page.unroute('**/events?*');
      first.open();
      await page.waitForSelector('[data-task="AAA/store"] .success');
      expect(await page.textContent('#connection')).toBe('');
      await expect.poll(() => ui.watched(), { timeout: 20_000 }).toBe(1);
      const become = (state: string): Promise<unknown> =>
        page.evaluate(
          `Object.defineProperty(document, 'visibilityState', { configurable: true, value: '${state}' });document.dispatchEvent(new Event('visibilitychange'))`,
        );
      await become('hidden');
      await expect.poll(() => ui.watched(), { timeout: 20_000 }).toBe(0);
      last.open();
      await rig.lab.result(runId);
      await become('visible');
      await seenToEnd(page);
      await page.context().close();
    });

    it('load and follow in ten windows of one browser, and each run is read once for all of them', async () => {
      const context = await browser.newContext();
      const held = ['AAA/clean', 'BBB/collect', 'AAA/kline'].map(heldBack);
      const ids = ['window-1', 'window-2', 'window-3', 'window-4'];
      for (const runId of ids) await rig.lab.start({ symbols: ['AAA'] }, { runId });
      for (const runId of ids) await expect.poll(async () => (await get(`/runs/${runId}`)).status).toBe(200);
      const pages: Page[] = [];
      for (let i = 0; i < 10; i++) {
        const page = await context.newPage();
        pages.push(page);
        await page.goto(`${ui.address}/runs/${ids[i < 6 ? 0 : i - 6]}`, { timeout: 10_000 });
        await page.waitForSelector('[data-task="AAA/collect"] .success');
      }
      await expect.poll(() => ui.watched(), { timeout: 20_000 }).toBe(4);
      held[0].open();
      for (const page of pages) await page.waitForSelector('[data-task="AAA/store"] .success');
      held[2].open();
      for (const page of pages) await seenToEnd(page);
      for (const runId of ids) await rig.lab.result(runId);
      await context.close();
    }, 60_000);

    it('show all runs from start to end, and keep scroll position, focus and open sections', async () => {
      const page = await (await browser.newContext({ viewport: { width: 390, height: 800 } })).newPage();
      const problems: string[] = [];
      page.on('console', (message) => problems.push(message.text()));
      await page.goto(ui.address);
      await page.click('summary >> text=how long');
      await page.focus('a >> text=AAA');
      await page.evaluate('document.querySelector(".scroll").scrollLeft = 40; window.sameDocument = true');
      const held = heldBack('AAA/kline');
      const { runId } = await rig.lab.start({ symbols: ['AAA'] }, { runId: 'live-7' });
      await page.waitForSelector('.history td >> text=AAA in live-7: running', { state: 'attached' });
      expect(await page.title()).toBe('running: PredictLab');
      held.open();
      await rig.lab.result(runId);
      await page.waitForSelector('.history td >> text=AAA in live-7: success', { state: 'attached' });
      await page.waitForSelector('h1 + span .success');
      expect(await page.title()).toBe('success: PredictLab');
      expect(await page.evaluate('window.sameDocument && document.querySelector(".scroll").scrollLeft')).toBe(40);
      expect(await page.evaluate('document.activeElement.textContent')).toBe('AAA');
      expect(await page.evaluate('document.querySelector("[data-part=durations] details").open')).toBe(true);
      expect(problems).toEqual([]);
      await page.context().close();
    });

    it.each(['/', '/runs/live-2', '/plan'])('have no accessibility problem that axe finds: %s', async (path) => {
      const page = await (await browser.newContext({ bypassCSP: true })).newPage();
      await page.goto(ui.address + path);
      await page.addScriptTag({ content: axe.source });
      const results = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as {
        violations: { id: string; nodes: { html: string }[] }[];
      };
      expect(results.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
      await page.context().close();
    });
  });
});
