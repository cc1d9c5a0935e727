// A user's plugin, in plain JavaScript as users write it: work for threads, good and bad.
import { threadId } from 'node:worker_threads';
import { z } from 'zod';

let calls = 0;

const spin = (milliseconds) => {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
};

const activity = (input, run) => ({ input, thread: true, run });

export default {
  activities: {
    whoAmI: activity(z.strictObject({ spin: z.number().default(0) }), ({ spin: milliseconds }) => {
      spin(milliseconds);
      return { threadId, calls: ++calls };
    }),
    talk: activity(z.any(), (_, { log, heartbeat, runId, taskId, attempt, resume }) => {
      heartbeat({ page: 1 });
      log.info('half way', { rows: 3 });
      heartbeat({ page: 2 });
      return { runId, taskId, attempt, resume: resume ?? null };
    }),
    print: activity(z.any(), async () => {
      console.log('asks with %s', 'k-1', { page: 1 });
      console.error('two\nlines');
      await new Promise((resolve) => setTimeout(resolve, 1));
      console.info('afterwards');
    }),
    beatLarge: activity(z.any(), (_, { heartbeat }) => heartbeat('x'.repeat(40_000))),
    fail: activity(z.strictObject({ code: z.string().optional() }), ({ code }) => {
      throw Object.assign(new RangeError('out of range'), code === undefined ? {} : { code });
    }),
    returnCircle: activity(z.any(), () => {
      const circle = {};
      circle.self = circle;
      return circle;
    }),
    spinForEver: activity(z.any(), () => spin(1e9)),
    stopWhenTold: activity(
      z.any(),
      (_, { signal }) =>
        new Promise((_resolve, reject) => {
          const alive = setInterval(() => undefined, 1000);
          signal.addEventListener('abort', () => {
            clearInterval(alive);
            reject(signal.reason);
          });
        }),
    ),
    exit: activity(z.any(), () => process.exit(7)),
    exitLater: activity(z.any(), () => {
      setTimeout(() => process.exit(7), 50);
      return { threadId };
    }),
    unthreaded: { input: z.any(), thread: false, run: () => ({ threadId }) },
    plain: {
      input: z.strictObject({ wait: z.number().default(0), spin: z.number().default(0) }),
      run: async ({ wait, spin: milliseconds }) => {
        spin(milliseconds);
        if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
        return { threadId, calls: ++calls };
      },
    },
    plainForEver: { input: z.any(), run: () => spin(1e9) },
    plainExit: { input: z.any(), run: () => process.exit(7) },
    stray: {
      input: z.any(),
      run: async () => {
        setTimeout(() => {
          throw new RangeError('a stray throw');
        }, 1);
        void Promise.reject(new Error('a floating rejection'));
        await new Promise((resolve) => setTimeout(resolve, 50));
        return { threadId, calls: ++calls };
      },
    },
    neverBack: { input: z.any(), run: () => new Promise(() => {}) },
  },
};
