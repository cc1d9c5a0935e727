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
    unthreaded: { input: z.any(), run: () => ({ threadId }) },
  },
};
