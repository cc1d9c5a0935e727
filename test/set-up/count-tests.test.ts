import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}
const script = new URL('../../scripts/set-up/count-tests.mjs', import.meta.url).href;
const { countTests, slowestFiles, summaryLine } = (await import(script)) as {
  countTests: (file: string, exitCode: number) => Counts;
  slowestFiles: (file: string, root: string, most?: number) => string[];
  summaryLine: (counts: Counts) => string;
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'predictlab-count-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function lineFor(exitCode: number, report: object | undefined): Promise<string> {
  const file = path.join(folder, 'report.json');
  if (report)
    await writeFile(
      file,
      JSON.stringify({ numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [], ...report }),
    );
  return summaryLine(countTests(file, exitCode));
}

test('a successful test run prints only its counts', async () => {
  expect(await lineFor(0, { numPassedTests: 12 })).toBe('12 passed, 0 failed');
  expect(await lineFor(0, { numPassedTests: 12, numPendingTests: 1, numTodoTests: 2 })).toBe('12 passed, 0 failed, 3 skipped');
});

test('a test file that does not load counts as a failure', async () => {
  const testResults = [
    { status: 'failed', assertionResults: [] },
    { status: 'failed', assertionResults: [{ status: 'failed' }] },
  ];
  expect(await lineFor(1, { numPassedTests: 3, numFailedTests: 1, testResults })).toBe('3 passed, 2 failed');
});

test('a test run that fails outside every test is never reported as "0 failed"', async () => {
  expect(await lineFor(1, { numPassedTests: 3 })).toBe('3 passed, 1 failed');
  await rm(path.join(folder, 'report.json'));
  expect(await lineFor(137, undefined)).toBe('0 passed, 1 failed');
});

test('a test run in which no test ran is a failure', async () => {
  expect(await lineFor(0, { numPendingTests: 4 })).toBe('0 passed, 1 failed, 4 skipped');
});

test('the slowest test files are listed by path, the slowest first', async () => {
  const file = path.join(folder, 'report.json');
  const took = (name: string, ms: number) => ({ name: path.join(folder, name), startTime: 1_000, endTime: 1_000 + ms });
  await writeFile(
    file,
    JSON.stringify({ testResults: [took('quick.test.ts', 40), took('a/slow.test.ts', 12_340), took('b.test.ts', 900)] }),
  );
  expect(slowestFiles(file, folder, 2)).toEqual(['  12.3 s  a/slow.test.ts', '   0.9 s  b.test.ts']);
  await rm(file);
  expect(slowestFiles(file, folder)).toEqual([]);
});
