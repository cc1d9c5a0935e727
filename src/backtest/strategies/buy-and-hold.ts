import { z } from 'zod';
import { defineStrategy } from '../strategy.ts';

/** `buy-and-hold`: buys at the open of the second bar and holds. */
export const buyAndHold = defineStrategy({
  name: 'buy-and-hold',
  summary: 'Buys at the open of the second bar and holds',
  params: z.strictObject({}),
  create: (_params, bars) => () => (bars.index === 0 ? 'long' : 'hold'),
});
