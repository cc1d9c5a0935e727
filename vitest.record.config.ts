import { defineConfig } from 'vitest/config';

/** `npm run record-histories`: writes the missing files of test/replay/histories. */
export default defineConfig({
  test: { pool: 'forks', include: ['test/replay/record.ts'], globalSetup: ['test/support/global-setup.ts'], hookTimeout: 60_000 },
});
