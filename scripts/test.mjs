// npm test: set-up, then every test; the last line is `N passed, N failed` (and `, N skipped` when some were)
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT, runMain, say } from './set-up/project.mjs';
import { runChild } from './set-up/run-child.mjs';
import { setUp } from './set-up/set-up.mjs';
import { temporalCli } from './set-up/temporal-cli.mjs';

const folder = mkdtempSync(path.join(tmpdir(), 'predictlab-test-'));
let counts = { passed: 0, failed: 1, skipped: 0 };
await runMain(async () => {
  await setUp();
  const env = { ...process.env, TEMPORAL_CLI: await temporalCli() };
  const report = path.join(folder, 'report.json');
  const vitest = path.join(ROOT, 'node_modules/vitest/vitest.mjs');
  const args = [vitest, 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...process.argv.slice(2)];
  const code = await runChild(process.execPath, args, { cwd: ROOT, env });
  counts = countTests(report, code);
  return code === 0 && counts.failed > 0 ? 1 : code;
});
rmSync(folder, { recursive: true, force: true });
const { passed, failed, skipped } = counts;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);

/** Never says "0 failed" of a run that failed: a file that does not load, a set-up that breaks and no test at all count as one each. */
function countTests(file, code) {
  let report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    say(`the test run ended with exit code ${code} and no report`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  const failed = report.numFailedTests + brokenFiles.length;
  if (code === 0 && report.numPassedTests === 0) say('no test ran');
  const nothingWorked = code !== 0 || report.numPassedTests === 0;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && nothingWorked ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}
