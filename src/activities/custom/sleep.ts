import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { definePlugin } from '../../plugins/plugins.ts';
import { durationSchema } from './duration.ts';

const input = z.strictObject({ duration: durationSchema });

/** Waits, and holds its slot meanwhile; for tests and for spacing tasks out. */
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
