import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

/** The Chromium of this machine; tests in a browser are skipped where there is none. */
export const CHROMIUM = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  (file) => file !== undefined && existsSync(file),
);

/** Starts Chromium; the caller closes it. */
export async function launchBrowser(): Promise<Browser> {
  return await chromium.launch({ executablePath: CHROMIUM as string, args: ['--no-sandbox', '--disable-gpu'] });
}

/**
 * Waits until an open run's page shows that the run succeeded and was reloaded, the last thing that it does by itself. It shows the
 * success some moments before; a browser that closes a window during that reload may never answer.
 */
export async function seenToEnd(page: Page, { timeout }: { readonly timeout?: number } = {}): Promise<void> {
  await page.waitForSelector('#live[data-events=""]', { state: 'attached', timeout });
  await page.waitForSelector('h1 + span .success');
  await page.waitForLoadState();
}
