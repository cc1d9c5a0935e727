import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Tests that need Temporal, Postgres or the sandbox venue live in these folders; the rest is pure and starts in a second. */
const SERVICE_TESTS = ['test/integration/**/*.test.ts', 'test/replay/**/*.test.ts', 'test/faults/**/*.test.ts'];

export default defineConfig({
  test: {
    // threads crash with Temporal's native bridge
    pool: 'forks',
    // service tests mostly wait for their servers: one file more than there are cores keeps these busy
    maxWorkers: availableParallelism() + 1,
    // a busy machine is no failure
    testTimeout: 20_000,
    expect: { poll: { timeout: 20_000 } },
    projects: [
      // pure code leaves nothing behind in its process: loading it once for all files halves the time
      { extends: true, test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: SERVICE_TESTS, isolate: false } },
      {
        extends: true,
        test: {
          name: 'services',
          include: SERVICE_TESTS,
          // each file has its own database, queue and folder; what they share is code, and that is loaded once
          isolate: false,
          globalSetup: ['test/support/global-setup.ts'],
          setupFiles: ['test/support/install-runtime.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
