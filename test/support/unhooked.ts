import { globalHandlers } from '@temporalio/worker/lib/workflow/vm-shared.js';

/**
 * Histories as they are, for a replay that leaves the process as it was. The SDK replays in the thread that asks, and hooks every promise
 * of that thread for good: it notes a stack for each, compiling a function to do so, which makes all later files of the same process a
 * fifth dearer and the replay itself two fifths. Only a query that nobody asks in a replay shows those stacks.
 */
export async function* unhooked<T>(histories: Iterable<T>): AsyncGenerator<T> {
  // the first history is asked for once the worker is made, and with it the hooks
  globalHandlers.uninstall();
  yield* histories;
}
