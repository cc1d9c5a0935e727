import { rmSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';

/** A thread that runs bundles of tests. It is replaced when one never ends, since a mutant may loop for ever. */
export function createTestThread() {
  let worker;
  const start = () => new Worker(new URL(import.meta.url), { stdout: true, stderr: true });
  return {
    /** Runs a bundle and removes it. A test that does not end within its `limitMs`, or takes the thread along, has failed. */
    async run(file, { order, limitMs }) {
      worker ??= start();
      const mine = worker;
      let timer;
      let onMessage;
      let onError;
      const answer = await new Promise((resolve) => {
        const limit = (name, ms = limitMs(name)) => {
          clearTimeout(timer);
          timer = setTimeout(() => resolve({ failed: `no end of ${name} within ${ms} ms`, gone: true }), ms);
        };
        // a thread that starts again loads every package: on a busy machine that is no endless loop
        limit('loading', 120_000);
        onMessage = (message) => ('begun' in message ? limit(message.begun) : resolve(message));
        onError = (error) => resolve({ failed: String(error), gone: true });
        mine.on('message', onMessage).once('error', onError);
        mine.postMessage({ file, order });
      });
      clearTimeout(timer);
      // not all listeners: the worker's own are among them, and without those it receives nothing more
      mine.off('message', onMessage).off('error', onError);
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
    return await run(order, (begun) => parentPort.postMessage({ begun }));
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
