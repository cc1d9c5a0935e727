// A user's plugin that writes its key everywhere it can.
import { z } from 'zod';

const input = z.object({ key: z.string(), apiKey: z.string().optional() });
const activity = (run) => ({ input, run });

export default {
  activities: {
    leakError: activity(({ key }) => {
      throw Object.assign(new Error(`the desk refused ${key}`, { cause: new Error(`behind it: ${key}`) }), { name: `Refused-${key}` });
    }),
    leakOutput: activity(({ key }) => ({ [`seen ${key}`]: [key], url: `https://desk/?k=${encodeURIComponent(key)}` })),
    leakOnTheWay: activity(({ key }, { log, heartbeat, attempt }) => {
      log.warn(`asks with ${key}`, { key, error: new Error(`about ${key}`) });
      heartbeat({ at: key });
      if (attempt === 1) throw new Error(`again, ${key}`);
      return { attempt };
    }),
    leakTo: { input: z.object({ url: z.string() }), thread: false, run: ({ url }) => Promise.reject(new Error(`${url} did not answer`)) },
  },
};
