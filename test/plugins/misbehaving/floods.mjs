import { z } from 'zod';

// Two tasks that never give way: one logs without end, one heartbeats without end.
export default {
  activities: {
    logFlood: {
      input: z.any(),
      thread: true,
      run: (_, { log }) => {
        for (;;) log.info('x'.repeat(1_000), { more: 'y'.repeat(1_000) });
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
