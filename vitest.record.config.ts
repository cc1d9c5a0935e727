import { defineConfig } from 'vitest/config';

/** `npm run record-histories`: writes test/replay/histories anew. */
export default defineConfig({
  test: { pool: 'forks', include: ['test/replay/record.ts'], globalSetup: ['test/support/global-setup.ts'], hookTimeout: 60_000 },
});
