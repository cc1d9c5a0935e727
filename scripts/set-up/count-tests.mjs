import { readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Counts a vitest JSON report. Never says "0 failed" of a run that failed: a file that does not load, a set-up that breaks and
 * a run without any test count as a failure.
 */
export function countTests(file, exitCode) {
  let report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const hasFailedTest = ({ assertionResults }) => assertionResults.some(({ status }) => status === 'failed');
  const brokenFiles = report.testResults.filter((result) => result.status === 'failed' && !hasFailedTest(result));
  const failed = report.numFailedTests + brokenFiles.length;
  const passed = report.numPassedTests;
  const nothingWorked = exitCode !== 0 || passed === 0;
  return { passed, failed: failed === 0 && nothingWorked ? 1 : failed, skipped: report.numPendingTests + report.numTodoTests };
}

/** The last line of `npm test`. */
export const summaryLine = ({ passed, failed, skipped }) =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;

/** The sum of the counts of two runs. */
export const addCounts = (a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped });

/** The files that took longest, one per line: `12.3 s  test/integration/demo.test.ts`. */
export function slowestFiles(file, root, most = 10) {
  let report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return [];
  }
  return report.testResults
    .map(({ name, startTime, endTime }) => ({ name: path.relative(root, name), seconds: (endTime - startTime) / 1_000 }))
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, most)
    .map(({ name, seconds }) => `${seconds.toFixed(1).padStart(6)} s  ${name}`);
}
