import path from 'node:path';
import { ROOT, say } from './project.mjs';
import { runChild } from './run-child.mjs';

/** What `npm run test:night` runs after the test files, a process each: a year of firings, and mutants with a floor for each room. */
const RUNS = [
  { what: 'a year of firings', args: ['dist/bench/year/main.js', '--firings', '365', '--seed', '1'] },
  { what: 'the mutants of every room', args: ['scripts/mutate.mjs', '--floors'] },
];

/** Runs them one after the other, each counted as one test. */
export async function nightRuns(env) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const {
    what,
    args: [script, ...rest],
  } of RUNS) {
    say(`night: ${what}`);
    const code = await runChild(process.execPath, [path.join(ROOT, script), ...rest], { cwd: ROOT, env });
    counts[code === 0 ? 'passed' : 'failed']++;
    if (code !== 0) say(`night: ${what} failed with exit code ${code}`);
  }
  return counts;
}
