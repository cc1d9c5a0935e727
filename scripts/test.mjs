// npm test: set-up, then the tests of a tier; the last line is `N passed, N failed` (and `, N skipped` when some were).
//   --tier quick|full|rest|night   which tests; the scripts of package.json name it. @default quick
//   --for <folder of src>          only what proves that folder (may be repeated), see test/tiers.json
//   --counts <file>                adds to the counts in that file, so that several runs end with one line
// Everything else goes to vitest; with paths of test files among it, these are run whatever their tier.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { addCounts, countTests, slowestFiles, summaryLine } from './set-up/count-tests.mjs';
import { nightRuns } from './set-up/night.mjs';
import { ROOT, runMain, say } from './set-up/project.mjs';
import { runChild } from './set-up/run-child.mjs';
import { setUp } from './set-up/set-up.mjs';
import { temporalCli } from './set-up/temporal-cli.mjs';
import { parseTestArgs } from './set-up/test-args.mjs';
import { endForks, forksBelow } from './set-up/test-forks.mjs';
import { countsOf } from './set-up/tiers.mjs';

const NOTHING = { passed: 0, failed: 0, skipped: 0 };
const FAILED = { passed: 0, failed: 1, skipped: 0 };

const folder = mkdtempSync(path.join(tmpdir(), 'predictlab-test-'));
let slowest = [];
let counts = FAILED;
let countsFile;
await runMain(async () => {
  const { tier, selection, paths, counts: file, vitestArgs } = parseTestArgs(process.argv.slice(2));
  countsFile = file;
  await setUp();
  const env = { ...process.env, TEMPORAL_CLI: await temporalCli(), PREDICTLAB_TIER: countsOf(tier) };
  if (selection !== undefined) env.PREDICTLAB_TESTS = selection;
  const report = path.join(folder, 'report.json');
  const vitest = path.join(ROOT, 'node_modules/vitest/vitest.mjs');
  const args = [vitest, 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...paths, ...vitestArgs];
  let forks;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => (forks ??= forksBelow(process.pid)));
  const code = await runChild(process.execPath, args, { cwd: ROOT, env });
  if (forks !== undefined) endForks(forks);
  counts = countTests(report, code);
  slowest = slowestFiles(report, ROOT);
  if (tier === 'night' && forks === undefined) counts = addCounts(counts, await nightRuns(env));
  return code === 0 && counts.failed > 0 ? 1 : code;
});
rmSync(folder, { recursive: true, force: true });
if (slowest.length > 0) console.log(`The slowest files:\n${slowest.join('\n')}`);
if (countsFile !== undefined) {
  const before = existsSync(countsFile) ? JSON.parse(readFileSync(countsFile, 'utf8')) : NOTHING;
  counts = addCounts(before, counts);
  writeFileSync(countsFile, JSON.stringify(counts));
  if (before.failed > 0) {
    say('a part that ran before failed, see above');
    process.exitCode ||= 1;
  }
}
console.log(summaryLine(counts));
