// Throws in a timer: nobody waits for that.
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
