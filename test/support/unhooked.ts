import { globalHandlers } from '@temporalio/worker/lib/workflow/vm-shared.js';

/**
 * Passes histories on unchanged, for a replay that leaves no promise hook behind. The SDK replays in the calling thread and hooks every
 * promise of that thread for good, to note its stack; that costs all later files of the process a fifth of their time, and the replay
 * two fifths. Only the stack-trace query uses those stacks, and no replay makes it.
 */
export async function* unhooked<T>(histories: Iterable<T>): AsyncGenerator<T> {
  // the first history is requested after the worker was created, and with it the hooks
  globalHandlers.uninstall();
  yield* histories;
}
