// A module that never finishes loading on the thread of its tasks.
import { isMainThread } from 'node:worker_threads';
import { z } from 'zod';

if (!isMainThread) await new Promise(() => {});

export default { activities: { endlessLoad: { input: z.any(), run: () => 'never' } } };
