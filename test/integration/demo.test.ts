import { spawn } from 'node:child_process';
import { access, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { PipelineResult } from '../../src/contracts/run/pipeline-status.ts';
import type { ProcessRecord } from '../../src/processes/process-record.ts';
import { CHROMIUM, launchBrowser, seenToEnd } from '../support/browser.ts';
import { until } from '../support/until.ts';

const demoScript = fileURLToPath(new URL('../../scripts/demo.mjs', import.meta.url));
let home: string;
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'predictlab-demo-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

/** Work to do while a demo stays up, once its pages answer. The demo is ended afterwards. */
type Watch = (pages: string) => Promise<void>;

/** Starts `npm run demo -- --json …` without price points: half the rows, on the same path through every stage. */
function startDemo(args: readonly string[] = [], watch?: Watch) {
  const env = { ...process.env, PREDICTLAB_HOME: home, POLYMARKET_PRICE_POINTS: 'off' };
  const child = spawn(process.execPath, [demoScript, '--json', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let messages = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  let watched: Promise<void> | undefined;
  child.stderr.on('data', (chunk: Buffer) => {
    messages += chunk.toString();
    const pages = /^live pages: +(\S+)\n/m.exec(messages)?.[1];
    if (watch === undefined || watched !== undefined || pages === undefined) return;
    watched = watch(pages).finally(() => child.kill('SIGTERM'));
    // whether the process that waits for the demo's end has seen it
    watched.catch(() => undefined);
  });
  return new Promise<{ code: number | null; output: string; messages: string }>((resolve) =>
    child.once('close', (code) => resolve((watched ?? Promise.resolve()).then(() => ({ code, output, messages })))),
  );
}

type DemoResult = PipelineResult & { readonly report: string };

/** Runs a demo to its end. */
async function demo(args: readonly string[], watch?: Watch): Promise<{ code: number | null; result: DemoResult; messages: string }> {
  const { code, output, messages } = await startDemo(args, watch);
  if (output === '') throw new Error(`the demo printed no result:\n${messages}`);
  return { code, result: JSON.parse(output) as DemoResult, messages };
}

/** Both results, or the first failure once both have ended: nothing may still run when the test cleans up. */
async function together<One, Other>(one: Promise<One>, other: Promise<Other>): Promise<[One, Other]> {
  await Promise.allSettled([one, other]);
  return await Promise.all([one, other]);
}

/** Process records that a demo has left: none, since its record is removed last, when every part has closed. */
const leftOver = (part: string): Promise<string[]> => readdir(path.join(home, part, 'processes'));

/** Watches the demo's run in a browser, from the page of all runs to the end on its own page, without console output. */
const watchInBrowser: Watch = async (pages) => {
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    const problems: string[] = [];
    page.on('console', (message) => problems.push(message.text()));
    page.on('pageerror', (error) => problems.push(String(error)));
    await page.goto(pages);
    // nobody reloads: the run comes to the page
    await page.click('.history th.run a', { timeout: 60_000 });
    await seenToEnd(page, { timeout: 120_000 });
    await page.click('[data-task="BTC_PRICE/collect"]');
    await page.waitForSelector('#drawer-content h2');
    await page.goBack();
    await page.waitForSelector('h1 + span .success');
    expect(problems).toEqual([]);
  } finally {
    await browser.close();
  }
};

test('two demos at once, on the sandbox venue and on CSV files, run every stage, leave a report and leave no process running', {
  timeout: 180_000,
}, async () => {
  const folder = path.join(home, 'ticks');
  await mkdir(folder);
  const lines = Array.from(
    { length: 200 },
    (_, n) => `2024-11-05 12:${String(n % 60).padStart(2, '0')}:${10 + (n % 50)},0.${30 + (n % 40)},${n + 1}`,
  );
  await writeFile(path.join(folder, 'election.csv'), ['Timestamp,Price,Shares', ...lines].join('\n'));

  const [sandbox, files] = await together(
    // watched where there is a Chromium; such a demo stays up until it is ended
    CHROMIUM === undefined ? demo([]) : demo(['--keep'], watchInBrowser),
    demo(['--data', folder]),
  );

  // the failure shows the demo's messages, which explain it
  expect(sandbox.code, sandbox.messages).toBe(0);
  expect(sandbox.result.result).toBe('success');
  const symbols = [...new Set(Object.keys(sandbox.result.taskResults).map((taskId) => taskId.split('/')[0]))];
  expect(symbols.length).toBeGreaterThanOrEqual(6);
  expect(symbols).toEqual(expect.arrayContaining(['BTC_PRICE', 'ETH_PRICE']));
  expect(sandbox.result.taskResults['BTC_PRICE/collect']?.output).toMatchObject({
    sources: { polymarket: expect.any(Number), predict: expect.any(Number) },
  });
  expect(files.code, files.messages).toBe(0);
  expect(files.result.taskResults['ELECTION/collect']?.output).toMatchObject({ ticks: 200 });
  for (const { result } of [sandbox, files]) await access(result.report);
  expect(files.messages).toContain("Temporal's Web UI was at http://127.0.0.1:");
  expect([await leftOver('demo'), await leftOver('demo-data')]).toEqual([[], []]);
});

test('a demo whose worker is killed exits with code 1 and one sentence instead of waiting for ever', {
  timeout: 120_000,
}, async () => {
  const run = { over: false };
  const ended = startDemo().finally(() => (run.over = true));
  const folder = path.join(home, 'demo', 'processes');
  const worker = async (): Promise<number | undefined> => {
    const [name] = (await readdir(folder).catch(() => [])).filter((file) => file.endsWith('.json'));
    if (name === undefined) return undefined;
    const { children } = JSON.parse(await readFile(path.join(folder, name), 'utf8')) as ProcessRecord;
    return children.find(({ marker }) => marker.includes('worker'))?.pid;
  };
  const pid = await until(async () => (await worker()) ?? run.over);
  if (pid !== true) process.kill(pid, 'SIGKILL');

  const { code, output, messages } = await ended;
  expect({ code, output }).toEqual({ code: 1, output: '' });
  expect(messages).toMatch(/^predictlab: the worker ended by SIGKILL; its log: \S+\/worker-\d+\.log$/m);
  expect(await leftOver('demo')).toEqual([]);
});
