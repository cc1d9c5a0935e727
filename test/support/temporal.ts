import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';
import { startDevServer } from '../../src/set-up/temporal/dev-server.ts';
import { findTemporalCli } from '../../src/set-up/temporal/temporal-cli.ts';
import { silent } from './silent.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The one dev server of the test run. */
    temporalAddress: string;
    /** Path of the workflow bundle of the build, which users run. */
    workflowBundle: string;
  }
}

/** Number of events after which a run continues as new in tests, low enough to happen in a run of seconds. */
const SUGGEST_CONTINUE_AS_NEW = 300;

/** One partition per task queue: each test has its own queue, and polling four partitions of each is half the work of an idle server. */
const ONE_PARTITION = { 'matching.numTaskqueueReadPartitions': 1, 'matching.numTaskqueueWritePartitions': 1 };

/** Starts the dev server and brings the build up to date. @returns what closes the server */
export async function startTestTemporal(project: TestProject): Promise<() => Promise<void>> {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  // for every Temporal server of the tests, also those of `dev` and `demo`: less garbage collection, at the price of memory
  process.env.GOGC ??= '400';
  const home = await mkdtemp(path.join(tmpdir(), 'predictlab-temporal-'));
  const [server, bundle] = await Promise.all([
    (async () => {
      const alsoIn = [path.join(root, 'node_modules', '.cache', 'predictlab')];
      const cli = await findTemporalCli({ env: process.env, home: path.join(root, '.predictlab'), log: silent, alsoIn });
      const started = await startDevServer({
        cli,
        home,
        headless: true,
        log: silent,
        dynamicConfig: { 'limit.historyCount.suggestContinueAsNew': SUGGEST_CONTINUE_AS_NEW, ...ONE_PARTITION },
      });
      endWithThisProcess(started.pid);
      return started;
    })(),
    builtBundle(root),
  ]);
  project.provide('temporalAddress', server.address);
  project.provide('workflowBundle', bundle);
  return async () => {
    await server.close();
    await rm(home, { recursive: true, force: true });
  };
}

/**
 * Ends the server when this process exits without closing it: vitest exits a millisecond after a SIGTERM or SIGINT, before anything
 * asynchronous can run. The embedded Postgres does the same by itself.
 */
function endWithThisProcess(pid: number): void {
  process.once('exit', () => {
    try {
      process.kill(pid, 'SIGTERM');
    } catch (error) {
      // it was closed
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  });
}

/** Does nothing when the build is up to date, as it is in `npm test`. */
async function builtBundle(root: string): Promise<string> {
  await promisify(execFile)(process.execPath, [path.join(root, 'scripts', 'build.mjs')]);
  return path.join(root, 'dist', 'workflow-bundle.js');
}
