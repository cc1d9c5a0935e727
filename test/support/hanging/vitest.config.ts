import { defineConfig } from 'vitest/config';

/** A run of the tests that has its servers and does not end by itself: test/faults/ended-tests.test.ts sends it signals. */
export default defineConfig({
  test: { pool: 'forks', include: ['test/support/hanging/hang.ts'], globalSetup: ['test/support/global-setup.ts'], testTimeout: 600_000 },
});
