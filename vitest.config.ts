import { defineConfig } from 'vitest/config';

/** Tests that need Temporal, Postgres or the sandbox venue live in these folders; the rest is pure and starts in a second. */
const SERVICE_TESTS = ['test/integration/**/*.test.ts', 'test/replay/**/*.test.ts', 'test/faults/**/*.test.ts'];

export default defineConfig({
  test: {
    // threads crash with Temporal's native bridge
    pool: 'forks',
    projects: [
      { extends: true, test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: SERVICE_TESTS } },
      {
        extends: true,
        test: {
          name: 'services',
          include: SERVICE_TESTS,
          globalSetup: ['test/global-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // two cores: more than two files at once only add noise
          maxWorkers: 2,
        },
      },
    ],
  },
});
