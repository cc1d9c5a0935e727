// Computes for ever, and hears nothing meanwhile; its neighbour would be done at once.
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
