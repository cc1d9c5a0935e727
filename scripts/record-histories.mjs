// npm run record-histories: runs the scenarios of test/replay/scenarios.ts that have no history for real and writes theirs
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
