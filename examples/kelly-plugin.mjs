// A strategy of one's own: bets the Kelly share of a belief, with a limit, a stop and an end.
//   PREDICTLAB_PLUGINS=./examples/kelly-plugin.mjs predictlab backtest file senate.csv --market probability --settle 1 \
//     --close 2022-11-13T03:00:00Z --side both --strategy kelly --param belief=0.6
import { z } from 'zod';

export default {
  strategies: {
    kelly: {
      summary: 'Buys what a belief calls cheap, by half of its Kelly share; out at the stop, or before the market ends',
      params: z.strictObject({
        /** Probability that the first outcome happens, as you see it. */
        belief: z.number().gt(0).lt(1).default(0.6),
        /** Part of the Kelly share that is bet. */
        part: z.number().gt(0).max(1).default(0.5),
        /** The least edge that is worth a trade. */
        edge: z.number().positive().default(0.02),
        /** How far the price may go against the position. */
        stop: z.number().positive().default(0.1),
        /** Hours before the market's end in which nothing is held. */
        lastHours: z.number().min(0).default(0),
      }),
      create:
        ({ belief, part, edge, stop, lastHours }, bars, situation) =>
        () => {
          const left = situation.secondsLeft;
          if (left !== null && left <= lastHours * 3600) return 'flat';
          if (situation.position !== 0) return 'hold';
          const price = bars.close();
          const side = belief - price >= edge ? 'long' : price - belief >= edge ? 'short' : null;
          if (side === null || price <= 0 || price >= 1) return 'hold';
          // buying at cost q with belief b: f = (b − q) / (1 − q); a short buys the other outcome
          const [b, q] = side === 'long' ? [belief, price] : [1 - belief, 1 - price];
          const level = side === 'long' ? price - stop : price + stop;
          return {
            side,
            size: (part * (b - q)) / (1 - q),
            limit: price,
            // a day after the close of this bar, however long it lasts
            expires: bars.time() + bars.barMs + 24 * 3_600_000,
            ...(level > 0 && level < 1 && { stop: level }),
          };
        },
    },
  },
};
