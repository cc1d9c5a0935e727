import { createLogUpdate } from 'log-update';
import type { PredictLab } from '../../client.ts';
import { messageOf, PredictLabError } from '../../contracts/errors.ts';
import type { PipelineStatus } from '../../contracts/pipeline-status.ts';
import { endedLines } from './ended-lines.ts';
import { note } from './print.ts';
import { renderLiveTable } from './terminal.ts';

/** How often the table is redrawn. */
const REDRAW_MS = 250;
/** Where standard error is no terminal, a line is written when this share of the run is done. */
const QUIET_STEP = 0.1;

export interface LiveRunOptions {
  readonly runId: string;
  /** Resolves when the run has ended, however it ended. */
  readonly ended: Promise<unknown>;
}

/**
 * Shows a run's live table on standard error until it ends: redrawn in place on a terminal, elsewhere a line for each symbol that ended, and one now and then.
 *
 * @returns the last status seen
 */
export async function showLiveRun(lab: PredictLab, { runId, ended }: LiveRunOptions): Promise<PipelineStatus | undefined> {
  const screen = process.stderr.isTTY ? createLogUpdate(process.stderr) : undefined;
  const run = { over: false };
  const finished = ended.then(
    () => {
      run.over = true;
    },
    () => {
      run.over = true;
    },
  );
  let status: PipelineStatus | undefined;
  let told = -1;
  const ends = new Set<string>();
  while (!run.over) {
    try {
      const seen = await Promise.race([lab.status(runId), finished]);
      if (seen === undefined) break;
      status = seen;
      told = await draw(lab, { runId, status, screen, told, ends });
    } catch (error) {
      // The run goes on without us; what keeps us from seeing it is said until it passes.
      const reason = error instanceof PredictLabError ? error.message : `no answer yet: ${messageOf(error)}`;
      if (screen !== undefined) screen(reason);
      else if (told !== -2) note(reason);
      told = screen === undefined ? -2 : told;
    }
    await Promise.race([finished, new Promise((resolve) => setTimeout(resolve, REDRAW_MS))]);
  }
  try {
    // Without a worker nobody answers for a run that was ended from outside: its result is told all the same.
    status = await lab.status(runId);
    await draw(lab, { runId, status, screen, told, ends });
  } catch {
    // The last state seen stands; the result itself comes from the workflow's close.
  }
  screen?.done();
  return status;
}

interface Drawn {
  readonly runId: string;
  readonly status: PipelineStatus;
  readonly screen: ReturnType<typeof createLogUpdate> | undefined;
  readonly told: number;
  /** Symbols and tasks whose end was told. */
  readonly ends: Set<string>;
}

async function draw(lab: PredictLab, { runId, status, screen, told, ends }: Drawn): Promise<number> {
  if (screen === undefined) {
    for (const line of endedLines(status, ends)) note(line);
    const step = Math.floor(status.progress / QUIET_STEP);
    if (step > told) note(`${runId}  ${status.completedTasks}/${status.totalTasks} tasks  ${Math.round(status.progress * 100)} %`);
    return Math.max(step, told);
  }
  const attempts = status.finishedAt === null ? await lab.attempts(runId) : new Map();
  const view = {
    width: process.stderr.columns || 80,
    height: process.stderr.rows - 1,
    now: Date.now(),
    colour: process.env.NO_COLOR === undefined,
  };
  screen(renderLiveTable(status, { tasks: Object.fromEntries(attempts) }, view).join('\n'));
  return told;
}
