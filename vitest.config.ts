import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { filesOfTier } from './scripts/set-up/tiers.mjs';

/** `npm test` and its sisters set the tier; vitest run by hand sees every file. */
/** A night runs twenty times as many generated cases. */
const PATIENCE = process.env.PREDICTLAB_TIER === 'night' ? 20 : 1;
const { unit, services } = filesOfTier(process.env.PREDICTLAB_TESTS);

export default defineConfig({
  test: {
    // threads crash with Temporal's native bridge
    pool: 'forks',
    // service tests mostly wait for their servers: one file more than there are cores keeps these busy
    maxWorkers: availableParallelism() + 1,
    // a test that is slow on a busy machine has not failed
    testTimeout: 60_000 * PATIENCE,
    expect: { poll: { timeout: 20_000 } },
    projects: [
      // pure code leaves nothing behind in its process: loading it once for all files halves the time
      { extends: true, test: { name: 'unit', include: unit, isolate: false, setupFiles: ['test/support/without-plugin-venues.ts'] } },
      {
        extends: true,
        test: {
          name: 'services',
          include: services,
          // each file has its own database, queue and folder; what they share is code, and that is loaded once
          isolate: false,
          globalSetup: ['test/support/global-setup.ts'],
          setupFiles: ['test/support/install-runtime.ts', 'test/support/without-plugin-venues.ts'],
          testTimeout: 120_000 * PATIENCE,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
