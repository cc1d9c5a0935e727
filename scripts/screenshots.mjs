/**
 * Pictures of the pages for the documents: `node scripts/screenshots.mjs <reports folder> <run>`, for instance of a demo's home. Needs
 * Chromium (CHROMIUM, else /usr/bin/chromium). Refuses a picture of more than 60 KB: the repository keeps them for good.
 */
import { statSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const MAX_BYTES = 60_000;
const SHOTS = [
  { name: 'report', page: 'index.html', width: 860, height: 330, scheme: 'light' },
  { name: 'symbol', page: 'BTC_PRICE.html', width: 860, height: 510, scheme: 'light', at: 'section[aria-label]' },
  { name: 'series', page: 'BTC_UPDOWN_1H.html', width: 900, height: 430, scheme: 'dark' },
];

const [reports, run] = process.argv.slice(2);
if (run === undefined) {
  console.error('usage: node scripts/screenshots.mjs <reports folder> <run folder in it>');
  process.exit(2);
}
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
for (const { name, page, width, height, scheme, at } of SHOTS) {
  const tab = await (await browser.newContext({ viewport: { width, height }, colorScheme: scheme })).newPage();
  await tab.goto(pathToFileURL(path.join(path.resolve(reports), run, page)).href, { waitUntil: 'load' });
  if (at !== undefined)
    await tab
      .locator(at)
      .first()
      .evaluate((element) => element.scrollIntoView());
  const file = path.join('docs', `${name}.png`);
  await tab.screenshot({ path: file });
  const { size } = statSync(file);
  console.log(`${file}  ${Math.round(size / 1000)} KB`);
  if (size > MAX_BYTES) process.exitCode = 1;
}
await browser.close();
