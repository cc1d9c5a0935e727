import { TASK_QUEUE } from '../../contracts/words.ts';
import type { CheckResult } from '../../set-up/checks/check.ts';

/** Which schedules start runs here, and when next: information; no line where Temporal is away. */
export async function checkSchedules(env: NodeJS.ProcessEnv): Promise<readonly CheckResult[]> {
  const name = 'schedule';
  try {
    const { PredictLab } = await import('../../client.ts');
    const lab = await PredictLab.connect({ env });
    try {
      const schedules = await lab.schedules.upcoming();
      if (schedules.length > 0)
        return schedules.map(({ scheduleId, paused, at }) => {
          const next = at === null ? 'it fires no more' : `next run ${at}`;
          return { name, status: 'ok', detail: `${scheduleId}: ${paused ? 'paused' : next}` };
        });
      const queue = env.PREDICTLAB_TASK_QUEUE ?? TASK_QUEUE;
      return [
        { name, status: 'ok', detail: `none on task queue ${queue}: no run starts by itself, \`predictlab schedule create\` makes one` },
      ];
    } finally {
      await lab.close();
    }
  } catch {
    // the line of the Temporal server says it
    return [];
  }
}
