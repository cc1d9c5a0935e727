// npm run record-histories: runs every scenario of test/replay/scenarios.ts for real and writes its histories again
import path from 'node:path';
import { ROOT, runMain } from './set-up/project.mjs';
import { runChild } from './set-up/run-child.mjs';
import { setUp } from './set-up/set-up.mjs';
import { temporalCli } from './set-up/temporal-cli.mjs';

await runMain(async () => {
  await setUp();
  const env = { ...process.env, TEMPORAL_CLI: await temporalCli() };
  const vitest = path.join(ROOT, 'node_modules/vitest/vitest.mjs');
  return await runChild(process.execPath, [vitest, 'run', '--config', 'vitest.record.config.ts'], { cwd: ROOT, env });
});
