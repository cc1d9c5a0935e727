// Tasks that return too much data, or send too much in a heartbeat.
import { z } from 'zod';

export default {
  activities: {
    largeReturn: { input: z.any(), run: () => 'x'.repeat(20_000_000) },
    largeHeartbeat: { input: z.any(), run: (_, { heartbeat }) => heartbeat('x'.repeat(20_000_000)) },
  },
};
