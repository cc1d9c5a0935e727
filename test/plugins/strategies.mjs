// Strategies as users write them: one that cheats, one with invalid orders, one that fails when it starts late in a series, one that never returns.
import { z } from 'zod';

const params = z.strictObject({});

export default {
  strategies: {
    cheat: {
      summary: 'for tests',
      params,
      create: (_params, bars) => {
        // watches the built-in that the engine keeps indicator values in
        const { get, set } = Map.prototype;
        let close = [];
        const look = (value) => {
          if (value instanceof Float64Array) close = value;
          return value;
        };
        Object.assign(Map.prototype, {
          set(key, value) {
            return set.call(this, key, look(value));
          },
          get(key) {
            return look(get.call(this, key));
          },
        });
        bars.indicator('sma', { period: 1 });
        Object.assign(Map.prototype, { get, set });
        return () => (close[bars.index + 1] > bars.close() ? 'long' : 'flat');
      },
    },
    careless: {
      params,
      create: () => () => ({ side: 'long', size: -1 }),
    },
    hourly: {
      params,
      create: (_params, bars) => {
        const hour = bars.interval('1h');
        return () => (hour.close() > 0.5 ? 'long' : 'flat');
      },
    },
    awake: {
      params: z.strictObject({ size: z.number().default(1) }),
      create: ({ size }, bars, situation) => {
        let started;
        return () => {
          started ??= bars.index;
          if (started > 24 * 14) throw new Error('overslept');
          return situation.position === 0 ? { side: 'long', size } : 'hold';
        };
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
