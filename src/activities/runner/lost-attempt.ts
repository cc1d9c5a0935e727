/**
 * An attempt that was cut off because another task made its shared thread end, so its effect is unknown. As after a lost worker, the task runs
 * again without using up a retry, unless its `onLostWorker` says otherwise.
 */
export class LostAttempt extends Error {
  override readonly name = 'LostAttempt';
}
