/**
 * An attempt that was cut off by no fault of its own: the thread that it shared was ended because of another task. Nobody knows what
 * it did. As after a lost worker it is made again, without using up a retry, unless the task's `onLostWorker` says otherwise.
 */
export class LostAttempt extends Error {
  override readonly name = 'LostAttempt';
}
