import { z } from 'zod';
import { defineStrategy } from '../strategy.ts';

/** `favourite`: buys the first outcome at or above a probability and holds it to resolution. */
export const favourite = defineStrategy({
  name: 'favourite',
  summary: 'Buys the first outcome at the first close at or above `threshold` and holds it to resolution',
  params: z.strictObject({ threshold: z.number().positive().default(0.6) }),
  create:
    ({ threshold }, bars) =>
    () =>
      bars.close() >= threshold ? 'long' : 'hold',
});
