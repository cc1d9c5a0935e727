import { setImmediate } from 'node:timers/promises';
import { parentPort } from 'node:worker_threads';
import { z } from 'zod';

// Tasks that send without end: log lines, heartbeats, standard output, messages to the worker.
export default {
  activities: {
    logFlood: {
      input: z.any(),
      thread: true,
      run: (_, { log }) => {
        for (;;) log.info('x'.repeat(1_000), { more: 'y'.repeat(1_000) });
      },
    },
    outputFlood: {
      input: z.any(),
      thread: true,
      run: async () => {
        for (;;) {
          process.stdout.write(`${'o'.repeat(1_000)}\n`);
          await setImmediate();
        }
      },
    },
    portFlood: {
      input: z.any(),
      thread: true,
      run: () => {
        for (;;) parentPort.postMessage('x');
      },
    },
    heartbeatFlood: {
      input: z.any(),
      thread: true,
      run: (_, { heartbeat }) => {
        for (;;) heartbeat({ at: 'z'.repeat(10_000) });
      },
    },
  },
};
