import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { cutText } from '../../contracts/text/cut-text.ts';
import { durationMs } from '../../input/field-schemas.ts';
import { definePlugin } from '../../plugins/plugins.ts';

/** A duration such as "5m" or "1s" as milliseconds. */
export const durationSchema = z.string().transform((text, context) => {
  const milliseconds = durationMs(text);
  if (typeof milliseconds === 'number' && Number.isFinite(milliseconds) && milliseconds >= 0) return milliseconds;
  context.addIssue({ code: 'custom', message: `"${cutText(text, 40)}" is not a duration; write "30s", "5m" or "2h"` });
  return z.NEVER;
});

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
