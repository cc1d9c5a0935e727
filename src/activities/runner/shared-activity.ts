import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import type { AttemptDetails, SharedEnd, TaskOutcome } from '../../contracts/task/stage-report.ts';

/**
 * Age in milliseconds up to which an activity starts another task, large or small: after that, an activity per task costs little compared
 * with the work. A pause, or a task that is more urgent, waits for one task at most.
 */
const STARTS_WITHIN_MS = 1_000;

/**
 * Runs tasks one after another inside the current activity, as many as start within its first second, up to the first that does not succeed.
 * @param since start of the activity by `performance.now()`
 * @param run runs one attempt of a task; `before` is how the previous task of the list ended
 */
export async function runInTurn<Task extends object>(
  tasks: readonly Task[],
  since: number,
  run: (task: Task, before: (Task & SharedEnd) | undefined) => Promise<TaskOutcome>,
): Promise<(Task & SharedEnd)[]> {
  const ended: (Task & SharedEnd)[] = [];
  for (const task of tasks) {
    if (performance.now() - since > STARTS_WITHIN_MS) break;
    const startedAt = Date.now();
    try {
      const outcome = await run(task, ended[ended.length - 1]);
      ended.push({ ...task, startedAt, at: Date.now(), kind: 'succeeded', ...outcome });
    } catch (thrown) {
      ended.push({ ...task, startedAt, at: Date.now(), ...endOf(thrown) });
      break;
    }
  }
  return ended;
}

/** How a task ended that threw. @throws what must end the activity itself: a worker that shuts down */
function endOf(thrown: unknown): { kind: 'cancelled' } | { kind: 'failed'; details: AttemptDetails; final: boolean } {
  if (thrown instanceof CancelledFailure && Context.current().cancellationDetails?.cancelRequested) return { kind: 'cancelled' };
  if (!(thrown instanceof ApplicationFailure)) throw thrown;
  const [details] = thrown.details as [AttemptDetails];
  return { kind: 'failed', details, final: thrown.nonRetryable === true };
}
