// npm test: set-up, then every test; the last line is `N passed, N failed` (and `, N skipped` when some were)
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { countTests, slowestFiles, summaryLine } from './set-up/count-tests.mjs';
import { ROOT, runMain } from './set-up/project.mjs';
import { runChild } from './set-up/run-child.mjs';
import { setUp } from './set-up/set-up.mjs';
import { temporalCli } from './set-up/temporal-cli.mjs';

const folder = mkdtempSync(path.join(tmpdir(), 'predictlab-test-'));
let slowest = [];
let counts = { passed: 0, failed: 1, skipped: 0 };
await runMain(async () => {
  await setUp();
  const env = { ...process.env, TEMPORAL_CLI: await temporalCli() };
  const report = path.join(folder, 'report.json');
  const vitest = path.join(ROOT, 'node_modules/vitest/vitest.mjs');
  const args = [vitest, 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...process.argv.slice(2)];
  const code = await runChild(process.execPath, args, { cwd: ROOT, env });
  counts = countTests(report, code);
  slowest = slowestFiles(report, ROOT);
  return code === 0 && counts.failed > 0 ? 1 : code;
});
rmSync(folder, { recursive: true, force: true });
if (slowest.length > 0) console.log(`The slowest files:\n${slowest.join('\n')}`);
console.log(summaryLine(counts));
