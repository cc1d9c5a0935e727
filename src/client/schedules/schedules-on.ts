import { type Client, type ScheduleDescription, ScheduleNotFoundError } from '@temporalio/client';

/** The schedules that start runs on a task queue. */
export async function schedulesOn(client: Client, taskQueue: string): Promise<readonly ScheduleDescription[]> {
  const found: ScheduleDescription[] = [];
  for await (const { scheduleId } of client.schedule.list()) {
    const described = await describedSchedule(client, scheduleId);
    // deleted since it was listed, or the list lags behind
    if (described === undefined) continue;
    const { action } = described;
    if (action.type === 'startWorkflow' && action.workflowType === 'pipeline' && action.taskQueue === taskQueue) found.push(described);
  }
  return found;
}

/** A schedule as it stands; undefined where Temporal has none of that id. */
export async function describedSchedule(client: Client, scheduleId: string): Promise<ScheduleDescription | undefined> {
  try {
    return await client.schedule.getHandle(scheduleId).describe();
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  }
}
