// A task that throws in a timer, so that no caller catches it.
import { z } from 'zod';

export default {
  activities: {
    strayThrow: {
      input: z.any(),
      run: async () => {
        setTimeout(() => {
          throw new Error('thrown by a timer');
        }, 1);
        await new Promise((resolve) => setTimeout(resolve, 50));
        return 'done';
      },
    },
  },
};
