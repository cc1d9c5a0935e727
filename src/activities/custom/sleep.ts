import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { definePlugin } from '../../plugins/plugins.ts';
import { durationSchema } from './duration.ts';

const input = z.strictObject({ duration: durationSchema });

/** Waits and keeps its slot; for tests and for pauses between tasks. */
export const { sleep } = definePlugin({
  activities: {
    sleep: {
      input,
      async run({ duration }: z.infer<typeof input>, { signal }: { signal: AbortSignal }) {
        await wait(duration, undefined, { signal });
        return { sleptSeconds: duration / 1000 };
      },
    },
  },
}).activities;
