// npm run bench: our figures next to the baselines, with the machine they were measured on
import path from 'node:path';
import { ROOT, runMain } from './set-up/project.mjs';
import { runChild } from './set-up/run-child.mjs';
import { setUp } from './set-up/set-up.mjs';
import { temporalCli } from './set-up/temporal-cli.mjs';

await runMain(async () => {
  await setUp();
  const env = { ...process.env, TEMPORAL_CLI: await temporalCli() };
  return await runChild(process.execPath, [path.join(ROOT, 'dist/bench/run.js'), ...process.argv.slice(2)], { cwd: ROOT, env });
});
