import type { PredictLab } from '../../client.ts';
import { messageOf } from '../../contracts/errors.ts';
import type { WebUi } from '../../contracts/search-attributes.ts';
import { taskLogFolder } from '../../report/elements/report-path.ts';
import { type DrawerLine, taskDrawer } from '../../report/run/task-drawer.ts';
import { readTaskLog, type SentLogs, type TaskLogLine } from '../../telemetry/task-log.ts';
import type { TaskInRun } from './run-pages.ts';

/** Maximum number of log lines that a drawer shows; the command line prints all. */
const MAX_LINES = 200;

export interface DrawerRequest {
  readonly runId: string;
  readonly taskId: string;
  readonly shown: TaskInRun;
  readonly home: string;
  /** The client of Temporal; `undefined` while Temporal cannot be reached. */
  readonly lab: PredictLab | undefined;
  readonly temporalUi?: WebUi;
  readonly sentLogs?: (runId: string) => SentLogs;
}

/** A task's drawer as HTML. */
export async function renderDrawer({ runId, taskId, shown, home, lab, temporalUi, sentLogs }: DrawerRequest): Promise<string> {
  const { status, task, stages, past, unanswered } = shown;
  const symbol = taskId.includes('/') ? taskId.slice(0, taskId.lastIndexOf('/')) : taskId;
  // in a run of more than 50 symbols, most symbols have no workflow of their own
  const hasOwnWorkflow = taskId.includes('/') && Object.hasOwn(status.taskResults, taskId);
  const open = status.finishedAt === null;
  const [why, attempts, lines] = await Promise.all([
    // Optional: a closed run may have no worker that answers.
    unanswered ?? lab?.why(runId, taskId).catch(() => null) ?? null,
    open ? lab?.attempts(runId, new Set([symbol])).catch(() => undefined) : undefined,
    logLines(taskLogFolder(home, runId), taskId, sentLogs?.(runId)),
  ]);
  const own = lines.filter((line) => line.taskId === taskId || line.taskId.startsWith(`${taskId}/`));
  const next = attempts?.get(taskId);
  return taskDrawer({
    taskId,
    task,
    stages,
    why,
    next:
      next === undefined || next.attempt < 2
        ? null
        : { attempt: next.attempt, retryAt: next.retryAt ?? null, lastFailure: next.lastFailure ?? null },
    past,
    lines: own.slice(-MAX_LINES).map(
      ({ time, level, attempt, message, taskId: _task, runId: _run, ...more }): DrawerLine => ({
        time,
        level,
        attempt,
        message,
        fields: Object.entries(more)
          .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
          .join(' '),
      }),
    ),
    lineCount: own.length,
    temporalUrl:
      temporalUi === undefined ? null : `${temporalUi.workflows}/${encodeURIComponent(hasOwnWorkflow ? `${runId}/${symbol}` : runId)}`,
  }).text;
}

/** The lines of a run's log; if the artifact store does not answer, only those of this machine and a line that says so. */
async function logLines(folder: string, taskId: string, sent: SentLogs | undefined): Promise<readonly TaskLogLine[]> {
  try {
    return (await readTaskLog(folder, new Map(), sent)).lines;
  } catch (error) {
    const { lines } = await readTaskLog(folder);
    const message = `lines of workers on other machines are missing: ${messageOf(error)}`;
    return [...lines, { time: new Date().toISOString(), level: 'warn', taskId, attempt: 0, message }];
  }
}
