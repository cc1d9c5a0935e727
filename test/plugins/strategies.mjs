// Strategies as users write them: one that cheats, one that never comes back.
import { z } from 'zod';

const params = z.strictObject({});

export default {
  strategies: {
    cheat: {
      summary: 'for tests',
      params,
      create: (_params, bars) => {
        // watches the built-in that the engine keeps indicator values in
        const { set } = Map.prototype;
        let close = [];
        Map.prototype.set = function watched(key, value) {
          if (value instanceof Float64Array) close = value;
          return set.call(this, key, value);
        };
        bars.indicator('sma', { period: 1 });
        Map.prototype.set = set;
        return () => (close[bars.index + 1] > bars.close() ? 'long' : 'flat');
      },
    },
    endless: {
      params,
      create: () => () => {
        for (;;);
      },
    },
  },
};
