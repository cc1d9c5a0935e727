import {
  type Client,
  ScheduleAlreadyRunning,
  type ScheduleExecutionActionResult,
  type ScheduleHandle,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
} from '@temporalio/client';
import { optionalDateToTs, tsToMs } from '@temporalio/common/lib/time.js';
import { badInput, messageOf, PredictLabError } from '../../contracts/errors.ts';
import type { PipelineInput } from '../../contracts/run/pipeline-input.ts';
import type { ScheduleView } from '../../contracts/run/schedule-view.ts';
import { exactDuration } from '../../contracts/text/exact-duration.ts';
import { RunEnded, runOutcome } from '../runs/run-outcome.ts';
import { checkSchedule, failuresInARow, jitterMs, timeZoneName, windowMs } from './check-schedule.ts';
import {
  countFirings,
  describedSchedule,
  type FiredRun,
  failuresToPause,
  isUnreadable,
  lastRunsOf,
  type ScheduleCounts,
  schedulesOn,
  type UnreadableSchedule,
  type UpcomingRun,
  upcomingOf,
} from './schedule-firings.ts';
import { DEFAULT_SCHEDULE, type ScheduleOptions } from './schedule-options.ts';

/** The result of a trigger: the id of the run that it started, or null and the ids of the open runs that prevented it. */
export interface Triggered {
  readonly started: string | null;
  readonly open: readonly string[];
}

/** Milliseconds to wait until the server has decided whether a trigger starts a run; usually that takes a few milliseconds. */
const TRIGGER_PATIENCE_MS = 10_000;

/** Shown as the cron fields of a schedule made by another tool, because the server does not keep their text. */
const UNKNOWN_CRON = '(made by another tool)';

/** Manages the schedules that start runs (Temporal Schedules). A schedule has one open run at a time, and missed runs do not pile up. */
export class Schedules {
  readonly #client: Client;
  readonly #taskQueue: string;

  constructor(client: Client, taskQueue: string) {
    this.#client = client;
    this.#taskQueue = taskQueue;
  }

  /** Creates the schedule, or updates it when it exists. Its runs have ids of the form `<schedule id>-<UTC time>`. */
  async create(options: ScheduleOptions = {}): Promise<'created' | 'updated'> {
    const { scheduleId = DEFAULT_SCHEDULE.scheduleId } = options;
    const parts = this.#parts(scheduleId, options);
    await options.check?.(parts.action.args[0]);
    try {
      await translateRefusals(scheduleId, () =>
        this.#client.schedule.create({ scheduleId, ...parts, ...(options.note === undefined ? {} : { state: { note: options.note } }) }),
      );
      return 'created';
    } catch (error) {
      if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    }
    await this.update(options);
    return 'updated';
  }

  /** Changes the given options and keeps the others; the input is merged field by field. */
  async update({ replaceInput = false, ...options }: ScheduleOptions): Promise<void> {
    const { scheduleId = DEFAULT_SCHEDULE.scheduleId } = options;
    const before = await this.show(scheduleId);
    const foreign = before.cron === UNKNOWN_CRON && options.cron === undefined;
    // A schedule made by another tool may have an asOf, which `checkSchedule` would refuse.
    const { asOf: _, ...kept } = before.input;
    const merged = {
      cron: foreign ? undefined : before.cron,
      timeZone: before.timeZone,
      catchupWindow: before.catchupWindow,
      jitter: before.jitter ?? undefined,
      pauseOnFailure: before.pauseOnFailure,
      ...defined(options),
      input: replaceInput ? options.input : { ...kept, ...options.input },
    };
    const parts = this.#parts(scheduleId, merged);
    await options.check?.(parts.action.args[0]);
    await translateRefusals(scheduleId, () =>
      this.#client.schedule.getHandle(scheduleId).update((previous) => ({
        ...previous,
        ...parts,
        spec: foreign ? previous.spec : parts.spec,
        state: { ...previous.state, ...(options.note === undefined ? {} : { note: options.note }) },
      })),
    );
  }

  async show(scheduleId: string = DEFAULT_SCHEDULE.scheduleId): Promise<ScheduleView> {
    const described = await translateRefusals(scheduleId, () => this.#client.schedule.getHandle(scheduleId).describe());
    const { memo, args } = described.action;
    const said = (memo ?? {}) as { cron?: string; timeZone?: string };
    const recent = idsOf(described.info.recentActions.map(({ action }) => action));
    return {
      scheduleId,
      cron: said.cron ?? UNKNOWN_CRON,
      timeZone: said.timeZone ?? 'UTC',
      overlap: described.policies.overlap ?? 'SKIP',
      catchupWindow: exactDuration(described.policies.catchupWindow),
      paused: described.state.paused,
      note: described.state.note || null,
      jitter: described.spec.jitter ? exactDuration(described.spec.jitter) : null,
      pauseOnFailure: failuresToPause(described),
      nextRuns: described.info.nextActionTimes.map((time) => time.toISOString()),
      lastRuns: await Promise.all(recent.reverse().map(async (runId) => ({ runId, result: await this.#resultOf(runId) }))),
      input: (args?.[0] ?? {}) as PipelineInput,
    };
  }

  /** Counts the firings of every schedule that starts runs on this task queue. */
  async counts(): Promise<readonly ScheduleCounts[]> {
    return (await schedulesOn(this.#client, this.#taskQueue)).schedules.map(countFirings);
  }

  /** When each schedule of this task queue fires next, and the schedules that cannot be read. */
  async upcoming(): Promise<{ readonly upcoming: readonly UpcomingRun[]; readonly unreadable: readonly UnreadableSchedule[] }> {
    const { schedules, unreadable } = await schedulesOn(this.#client, this.#taskQueue);
    return { upcoming: schedules.map(upcomingOf), unreadable };
  }

  get namespace(): string {
    return this.#client.options.namespace;
  }

  /** Whether a schedule exists, even if this process cannot decode its payloads. */
  async isThere(scheduleId: string): Promise<boolean> {
    return await describedSchedule(this.#client, scheduleId).then(
      (described) => described !== undefined,
      (error: unknown) => {
        if (isUnreadable(error)) return true;
        throw error;
      },
    );
  }

  async lastRuns(scheduleId: string): Promise<readonly FiredRun[]> {
    return await lastRunsOf(this.#client, scheduleId);
  }

  /** Pauses a schedule. @param note the reason, for people */
  async pause(scheduleId: string = DEFAULT_SCHEDULE.scheduleId, note = 'paused with predictlab schedule pause'): Promise<void> {
    await this.#on(scheduleId, (handle) => handle.pause(note));
  }

  async resume(scheduleId: string = DEFAULT_SCHEDULE.scheduleId): Promise<void> {
    await this.#on(scheduleId, (handle) => handle.unpause('resumed with predictlab schedule resume'));
  }

  /** Starts a run now, unless one is open. SKIP is passed because a trigger otherwise overlaps, whatever the schedule's policy is. */
  async trigger(scheduleId: string = DEFAULT_SCHEDULE.scheduleId): Promise<Triggered> {
    return await translateRefusals(scheduleId, async () => {
      const handle = this.#client.schedule.getHandle(scheduleId);
      const { info: before } = await handle.describe();
      await handle.trigger(ScheduleOverlapPolicy.SKIP);
      for (const deadline = Date.now() + TRIGGER_PATIENCE_MS; Date.now() < deadline; ) {
        const { info } = await handle.describe();
        if (info.numActionsTaken > before.numActionsTaken)
          return { started: idsOf(info.recentActions.map(({ action }) => action)).at(-1) ?? null, open: [] };
        if (info.numActionsSkippedOverlap > before.numActionsSkippedOverlap) return { started: null, open: idsOf(info.runningActions) };
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new PredictLabError(
        'SourceUnavailable',
        `schedule "${scheduleId}" was triggered, but Temporal has not said for ${TRIGGER_PATIENCE_MS / 1000} s whether a run started; \`predictlab runs\` shows it`,
      );
    });
  }

  /** The firing times of a schedule in `[from, to]`, oldest first, computed by the server. */
  async firings(scheduleId: string, { from, to }: { from: Date; to: Date }): Promise<readonly Date[]> {
    return await translateRefusals(scheduleId, async () => {
      const { startTime } = await this.#client.workflowService.listScheduleMatchingTimes({
        namespace: this.#client.options.namespace,
        scheduleId,
        startTime: optionalDateToTs(new Date(from.getTime() - 1)),
        endTime: optionalDateToTs(to),
      });
      return startTime.map((time) => new Date(tsToMs(time)));
    });
  }

  /** Starts a run for each of these times, as of that time, one after another in the given order. */
  async backfill(scheduleId: string, times: readonly Date[]): Promise<void> {
    if (times.length === 0) return;
    await this.#on(scheduleId, (handle) =>
      handle.backfill(times.map((time) => ({ start: new Date(time.getTime() - 1), end: time, overlap: ScheduleOverlapPolicy.BUFFER_ALL }))),
    );
  }

  async delete(scheduleId: string = DEFAULT_SCHEDULE.scheduleId): Promise<void> {
    await this.#on(scheduleId, (handle) => handle.delete());
  }

  async #on(scheduleId: string, act: (handle: ScheduleHandle) => Promise<unknown>): Promise<void> {
    await translateRefusals(scheduleId, () => act(this.#client.schedule.getHandle(scheduleId)));
  }

  async #resultOf(runId: string): Promise<string> {
    try {
      const handle = this.#client.workflow.getHandle(runId);
      if ((await handle.describe()).status.name === 'RUNNING') return 'running';
      return (await runOutcome(handle)).result;
    } catch (error) {
      if (error instanceof RunEnded) return error.how === 'cancelled' ? 'cancelled' : 'failed';
      return 'unknown';
    }
  }

  #parts(scheduleId: string, options: ScheduleOptions) {
    const {
      cron = DEFAULT_SCHEDULE.cron,
      timeZone: zone = DEFAULT_SCHEDULE.timeZone,
      catchupWindow = DEFAULT_SCHEDULE.catchupWindow,
      jitter,
      pauseOnFailure = 0,
      input = {},
    } = options;
    const timeZone = timeZoneName(zone);
    checkSchedule({ scheduleId, cron, input });
    const window = windowMs(catchupWindow);
    failuresInARow(pauseOnFailure);
    return {
      spec: { cronExpressions: [cron], timezone: timeZone, ...(jitter === undefined ? {} : { jitter: jitterMs(jitter) }) },
      action: {
        type: 'startWorkflow' as const,
        workflowType: 'pipeline',
        workflowId: scheduleId,
        taskQueue: this.#taskQueue,
        args: [{ retry: DEFAULT_SCHEDULE.retry, ...input }] as [PipelineInput],
        // The memo keeps the text of the cron fields, because the server does not.
        memo: { cron, timeZone, ...(pauseOnFailure > 1 ? { pauseAfter: pauseOnFailure } : {}) },
        staticSummary: `scheduled: ${cron} ${timeZone}`,
      },
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: window, pauseOnFailure: pauseOnFailure === 1 },
    };
  }
}

const idsOf = (actions: readonly ScheduleExecutionActionResult[]): string[] =>
  actions.flatMap((action) => (action.type === 'startWorkflow' ? [action.workflow.workflowId] : []));

const defined = <T extends object>(options: T): Partial<T> =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;

/**
 * Makes a call about a schedule and translates the server's refusals, except `ScheduleAlreadyRunning`.
 * @throws PredictLabError BadInput if there is no such schedule, or the server refuses a field
 */
async function translateRefusals<T>(scheduleId: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof ScheduleAlreadyRunning) throw error;
    if (error instanceof ScheduleNotFoundError) {
      throw badInput(`there is no schedule "${scheduleId}"; \`predictlab schedule create\` makes it`, {
        cause: error,
      });
    }
    if (/invalid|cron|time ?zone|not in range/i.test(messageOf(error)))
      throw badInput(`schedule "${scheduleId}": ${messageOf(error)}`, { cause: error });
    throw error;
  }
}
