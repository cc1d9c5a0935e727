import path from 'node:path';
import { build } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { withLock } from './lock.mjs';
import { ROOT } from './project.mjs';

/** Makes a clone runnable: packages installed, dist/ built. Safe to call from several processes at once. */
export async function setUp() {
  await withLock(path.join(ROOT, '.predictlab/set-up.lock'), async () => {
    await ensureInstalled();
    await build();
  });
}
