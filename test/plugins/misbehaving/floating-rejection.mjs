// A task that leaves a promise which is rejected after its end.
import { z } from 'zod';

export default {
  activities: {
    floatingRejection: {
      input: z.any(),
      run: () => {
        void new Promise((_, reject) => setTimeout(() => reject(new Error('rejected too late')), 10));
        return 'done';
      },
    },
  },
};
