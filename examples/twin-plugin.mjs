// A strategy of one's own: follows the same question at the other venue, as long as people still trade there.
//   PREDICTLAB_PLUGINS=./examples/twin-plugin.mjs predictlab backtest symbol RAIN --interval 1h --strategy twin-gap
//   PREDICTLAB_PLUGINS=./examples/twin-plugin.mjs predictlab backtest file here.csv --twin there.csv --market probability \
//     --strategy twin-gap --side both
import { z } from 'zod';

export default {
  strategies: {
    'twin-gap': {
      summary: 'Buys what is cheaper here than at the other venue by `edge`, out once it is not, or nobody trades there any more',
      params: z.strictObject({
        /** The least difference of the prices that is worth a trade. */
        edge: z.number().positive().max(1).default(0.03),
        /** Age in hours from which a price of the twin is ignored. */
        staleHours: z.number().positive().default(6),
      }),
      create: ({ edge, staleHours }, bars, { twin }) => {
        // a market that is traded at one venue only: nothing to follow
        if (twin === null) return () => 'hold';
        return () => {
          // NaN, too, before the first bar of the twin
          const isFresh = bars.time() - twin.time() <= staleHours * 3_600_000;
          if (!isFresh) return 'flat';
          const gap = twin.close() - bars.close();
          if (gap >= edge) return 'long';
          if (gap <= -edge) return 'short';
          return Math.abs(gap) < edge / 4 ? 'flat' : 'hold';
        };
      },
    },
  },
};
