import type { PipelineStatus, TaskResult } from '../contracts/run/pipeline-status.ts';

/**
 * Corrects the status of a run that was closed from outside (terminated, timed out), which its workflow could not report: open tasks
 * become `cancelled`, and the run ended when it was closed.
 */
export function cutOff(status: PipelineStatus, closedAt: Date): PipelineStatus {
  const { pending, running, cancelled } = status.statusBreakdown;
  const ended = Math.max(0, closedAt.getTime() - Date.parse(status.startedAt)) / 1000;
  return {
    ...status,
    completedTasks: status.totalTasks,
    progress: 1,
    finishedAt: closedAt.toISOString(),
    durationSeconds: ended,
    statusBreakdown: { ...status.statusBreakdown, pending: 0, running: 0, cancelled: cancelled + pending + running },
    taskResults: Object.fromEntries(Object.entries(status.taskResults).map(([taskId, task]) => [taskId, taskCutOff(task, closedAt)])),
  };
}

function taskCutOff(task: TaskResult, closedAt: Date): TaskResult {
  if (task.status !== 'running' && task.status !== 'pending') return task;
  if (!task.startedAt) return { ...task, status: 'cancelled' };
  return { ...task, status: 'cancelled', durationSeconds: Math.max(0, closedAt.getTime() - Date.parse(task.startedAt)) / 1000 };
}
