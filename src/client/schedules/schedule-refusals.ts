import { ScheduleAlreadyRunning, ScheduleNotFoundError } from '@temporalio/client';
import { messageOf, PredictLabError } from '../../contracts/errors.ts';

/**
 * Asks the server something about a schedule, and says in our words what it refuses; that one of this id exists goes through as it is.
 *
 * @throws PredictLabError BadInput where there is no such schedule, or a field that the server does not take
 */
export async function inOurWords<T>(scheduleId: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof ScheduleAlreadyRunning) throw error;
    if (error instanceof ScheduleNotFoundError) {
      throw new PredictLabError('BadInput', `there is no schedule "${scheduleId}"; \`predictlab schedule create\` makes it`, {
        cause: error,
      });
    }
    if (/invalid|cron|time ?zone|not in range/i.test(messageOf(error)))
      throw new PredictLabError('BadInput', `schedule "${scheduleId}": ${messageOf(error)}`, { cause: error });
    throw error;
  }
}
