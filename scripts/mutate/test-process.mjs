import { fork } from 'node:child_process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { setEnvironmentData } from 'node:worker_threads';
import { ROOT } from '../set-up/project.mjs';

const OWN_FILE = fileURLToPath(import.meta.url);
/** Answers a run once the caller's process is about to end: another test process would outlive it. */
const NEVER = new Promise(() => {});

/**
 * A process that runs a bundle of tests. It is replaced when a test never ends, since a mutant may loop for ever.
 *
 * @param env variables in addition to those of this process
 * @param isolated whether each run gets a process of its own
 * @param renewed whether a run after a failure gets a new process, since a failed test may not have cleaned up
 */
export function createTestProcess({ env = {}, isolated = false, renewed = false } = {}) {
  let child;
  let isEnded = false;
  const start = () =>
    fork(OWN_FILE, {
      cwd: ROOT,
      execArgv: ['--no-warnings'],
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
  return {
    /** Runs a bundle with one mutant on, or none (0). A test that does not end within its `limitMs`, or takes the process along, has failed. */
    async run({ file, mutant, of, files, limitMs }) {
      if (isEnded) return await NEVER;
      child ??= start();
      const mine = child;
      let timer;
      let onMessage;
      let onExit;
      const answer = await new Promise((resolve) => {
        const limit = (name, ms = limitMs(name)) => {
          clearTimeout(timer);
          timer = setTimeout(() => resolve({ failed: `no end of ${name} within ${ms} ms`, gone: true }), ms);
        };
        // a process that starts again loads every package: on a busy machine that is no endless loop
        limit('loading', 120_000);
        onMessage = (message) => {
          // a test may send something itself
          if (message?.begun !== undefined) limit(message.begun);
          else if (message?.files !== undefined) resolve(message);
        };
        onExit = (code, signal) => resolve({ failed: `the process of the tests ended (${signal ?? `code ${code}`})`, gone: true });
        mine.on('message', onMessage).once('exit', onExit);
        mine.send({ file, mutant, of, files });
      });
      clearTimeout(timer);
      mine.off('message', onMessage).off('exit', onExit);
      if (isEnded) return await NEVER;
      if (answer.gone || isolated || (renewed && answer.failed !== undefined)) await this.close();
      return answer;
    },
    /** Closes it for good: a run never returns after that. */
    async end() {
      isEnded = true;
      await this.close();
    },
    async close() {
      const mine = child;
      child = undefined;
      if (mine === undefined || mine.exitCode !== null || mine.signalCode !== null) return;
      const ended = new Promise((resolve) => mine.once('exit', resolve));
      mine.kill('SIGKILL');
      await ended;
    },
  };
}

let loads = 0;

async function outcomeOf({ file, mutant, of, files }) {
  // a name without an underscore would be watched where plugins are proved
  globalThis._mutants ??= new Uint32Array(new SharedArrayBuffer(4 * (of + 1)));
  setEnvironmentData('_mutants', globalThis._mutants);
  globalThis._mutants.fill(0)[0] = mutant;
  try {
    const { run } = await import(`${pathToFileURL(file).href}?${loads++}`);
    return await run(files, (begun) => process.send({ begun }));
  } catch (error) {
    // a module that cannot be loaded with the mutant is one that the mutant broke
    return { failed: String(error), files: [] };
  }
}

if (process.argv[1] === OWN_FILE && process.send !== undefined) {
  process.on('message', (order) => {
    void outcomeOf(order).then((outcome) => process.send(outcome));
  });
}
