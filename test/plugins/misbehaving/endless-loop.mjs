// A task that computes for ever and blocks its thread, beside one that ends at once.
import { z } from 'zod';

export default {
  activities: {
    endlessLoop: {
      input: z.any(),
      run: () => {
        for (;;);
      },
    },
    neighbour: { input: z.any(), run: () => 'done' },
  },
};
