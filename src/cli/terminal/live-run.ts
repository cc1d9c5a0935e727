import { createLogUpdate } from 'log-update';
import type { PendingAttempt, PredictLab, RunName } from '../../client.ts';
import { messageOf, PredictLabError } from '../../contracts/errors.ts';
import type { PipelineStatus } from '../../contracts/run/pipeline-status.ts';
import { oneLine } from '../../contracts/text/plain-text.ts';
import { canRedraw, hasColours, renderLiveTable } from './live-table.ts';
import { note } from './print.ts';
import { endedLines } from './run-lines.ts';

/** Milliseconds between two redraws of the table. */
const REDRAW_MS = 250;
/** Share of the run between two progress lines where standard error cannot be redrawn. */
const QUIET_STEP = 0.1;

export interface LiveRunOptions {
  readonly runId: string;
  readonly run: RunName;
  /** Settles when the run has ended, with any result. */
  readonly ended: Promise<unknown>;
  /** Stops watching before the run ends. */
  readonly stop: AbortSignal;
}

/**
 * A run's live table on standard error until it ends: redrawn in place on a terminal, elsewhere a line for each symbol that ended and for
 * each tenth of the run.
 */
export class LiveRun {
  readonly #lab: PredictLab;
  readonly #options: LiveRunOptions;
  readonly #screen = canRedraw(process.stderr) ? createLogUpdate(process.stderr) : undefined;
  /** Symbols and tasks whose end was already printed; used for output that is not redrawn. */
  readonly #printed = new Set<string>();
  #lastStep = -1;
  #reason: string | undefined;
  #lines: readonly string[] = [];
  #notice: string | undefined;
  #isOver = false;

  constructor(lab: PredictLab, options: LiveRunOptions) {
    this.#lab = lab;
    this.#options = options;
  }

  /** Shows a sentence that stays visible: under the table, or as a line of its own. */
  say(sentence: string): void {
    this.#notice = oneLine(sentence);
    if (this.#screen === undefined) return note(sentence);
    // Clears the table first, because the terminal has echoed ^C into it.
    this.#screen.clear();
    this.#redraw();
  }

  /** Resolves when the run has ended or `stop` is aborted; the last table stays, and the cursor is back. */
  async show(): Promise<void> {
    const { ended, stop } = this.#options;
    const over = Promise.race([ended.then(doNothing, doNothing), aborted(stop)]).then(() => 'over' as const);
    for (let state: 'over' | 'on' = 'on'; state === 'on'; ) {
      state = await Promise.race([this.#look(), over]);
      if (state === 'on') state = await Promise.race([pause(), over]);
    }
    // Waits for `stop` as well: without a worker, no query about a terminated run is answered.
    if (!stop.aborted) await Promise.race([this.#look(), aborted(stop)]);
    else if (this.#screen !== undefined) {
      this.#screen.clear();
      this.#redraw();
    }
    this.#isOver = true;
    this.#screen?.done();
  }

  async #look(): Promise<'on'> {
    const { lab, run } = { lab: this.#lab, run: this.#options.run };
    try {
      const status = await lab.status(run);
      const attempts = this.#screen === undefined || status.finishedAt !== null ? new Map() : await lab.attempts(run);
      if (!this.#isOver && !this.#options.stop.aborted) this.#draw(status, attempts);
      this.#reason = undefined;
    } catch (error) {
      // The run continues; the reason why its status cannot be shown stays visible until the status is back.
      if (!this.#isOver && !this.#options.stop.aborted)
        this.#saySilence(error instanceof PredictLabError ? error.message : `no answer yet: ${messageOf(error)}`);
    }
    return 'on';
  }

  #saySilence(reason: string): void {
    if (this.#screen !== undefined) {
      this.#lines = [oneLine(reason)];
      this.#redraw();
    } else if (this.#reason === undefined) note(oneLine(reason));
    this.#reason = reason;
  }

  #draw(status: PipelineStatus, attempts: ReadonlyMap<string, PendingAttempt>): void {
    if (this.#screen === undefined) {
      for (const line of endedLines(status, this.#printed)) note(line);
      const step = Math.floor(status.progress / QUIET_STEP);
      if (step > this.#lastStep)
        note(`${this.#options.runId}  ${status.completedTasks}/${status.totalTasks} tasks  ${Math.round(status.progress * 100)} %`);
      this.#lastStep = Math.max(step, this.#lastStep);
      return;
    }
    const view = {
      width: process.stderr.columns || 80,
      height: process.stderr.rows - (this.#notice === undefined ? 1 : 2),
      now: Date.now(),
      colour: hasColours(process.stderr),
    };
    this.#lines = renderLiveTable(status, attempts, view);
    this.#redraw();
  }

  #redraw(): void {
    this.#screen?.([...this.#lines, ...(this.#notice === undefined ? [] : [this.#notice])].join('\n'));
  }
}

const doNothing = (): void => undefined;
const pause = (): Promise<'on'> => new Promise((resolve) => setTimeout(resolve, REDRAW_MS, 'on'));
const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
