// Waits for ever where it is loaded, on the thread that its tasks are to have.
import { isMainThread } from 'node:worker_threads';
import { z } from 'zod';

if (!isMainThread) await new Promise(() => {});

export default { activities: { endlessLoad: { input: z.any(), run: () => 'never' } } };
