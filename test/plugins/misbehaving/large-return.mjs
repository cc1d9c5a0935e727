// Returns data where a fact is wanted, and says that it is alive with as much.
import { z } from 'zod';

export default {
  activities: {
    largeReturn: { input: z.any(), run: () => 'x'.repeat(20_000_000) },
    largeHeartbeat: { input: z.any(), run: (_, { heartbeat }) => heartbeat('x'.repeat(20_000_000)) },
  },
};
