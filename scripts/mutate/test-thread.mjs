import { rmSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';

/** A thread that runs bundles of tests, replaced when one of them never ends: a turned operator may loop for ever. */
export function createTestThread() {
  let worker;
  const start = () => new Worker(new URL(import.meta.url), { stdout: true, stderr: true });
  return {
    /** Runs a bundle and removes it. A test that does not end in time, or takes the thread along, has failed. */
    async run(file, { order, timeoutMs }) {
      worker ??= start();
      const mine = worker;
      let timer;
      const answer = await new Promise((resolve) => {
        timer = setTimeout(() => resolve({ failed: `no end within ${timeoutMs} ms`, gone: true }), timeoutMs);
        mine.once('message', resolve);
        mine.once('error', (error) => resolve({ failed: String(error), gone: true }));
        mine.postMessage({ file, order });
      });
      clearTimeout(timer);
      mine.removeAllListeners();
      if (answer.gone) {
        await mine.terminate();
        worker = undefined;
      }
      rmSync(file, { force: true });
      return answer;
    },
    close: async () => void (await worker?.terminate()),
  };
}

async function outcomeOf(file, order) {
  try {
    const { run } = await import(pathToFileURL(file).href);
    return await run(order);
  } catch (error) {
    // a module that cannot be loaded with the mutant is one that the mutant broke
    return { failed: String(error), durations: [] };
  }
}

if (!isMainThread) {
  parentPort.on('message', ({ file, order }) => {
    void outcomeOf(file, order).then((outcome) => parentPort.postMessage(outcome));
  });
}
