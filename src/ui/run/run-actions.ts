import type { PredictLab } from '../../client.ts';
import { badInput } from '../../contracts/errors.ts';
import { isRecord, recordOf } from '../../input/raw-input.ts';
import type { Database } from '../../storage/database/database.ts';
import { retryOf } from '../../storage/runs/runs.ts';
import { runAddress } from './run-pages.ts';

/** The result of an action in one sentence, and the address of the page to show next, if there is one. */
export interface Acted {
  readonly message: string;
  readonly href?: string;
}

type Action = (lab: PredictLab, database: Database, run: string, body: unknown) => Promise<Acted>;

/** Actions on a run, by the last part of the address that they are posted to. */
export const RUN_ACTIONS: Readonly<Record<string, Action>> = {
  pause: async (lab, _, run) => {
    await lab.pause(run);
    return { message: 'paused: no new task starts' };
  },
  resume: async (lab, _, run) => {
    await lab.resume(run);
    return { message: 'resumed: waiting tasks start again' };
  },
  cancel: async (lab, _, run) => {
    await lab.cancel(run);
    return { message: 'cancelling: running tasks are being stopped' };
  },
  slots: async (lab, _, run, body) => {
    const { value } = recordOf(body);
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) throw badInput('slots: write a whole number of at least 1');
    return { message: `${await lab.setMaxConcurrent(run, value)} slots` };
  },
  retry: async (lab, database, run) => {
    if ((await lab.describe(run))?.open) {
      const again = await lab.retryFailed(run);
      return { message: again.length === 0 ? 'no failed task to retry' : `${again.length} tasks start again` };
    }
    const retry = await retryOf(database, run);
    if (retry === undefined) throw badInput(`there is no run ${run} whose results could be reused`);
    if (retry.complete) return { message: `no failed task to retry: all ${retry.reused.length} succeeded` };
    const { runId } = await lab.start(await lab.givenInput(retry), { retryOf: retry.executionId });
    return { message: `started as ${runId}; ${retry.reused.length} tasks are reused`, href: runAddress(runId) };
  },
};

/** Actions on the default schedule, by the last part of the address that they are posted to. */
export const SCHEDULE_ACTIONS: Readonly<Record<string, (lab: PredictLab, body: unknown) => Promise<Acted>>> = {
  pause: async ({ schedules }) => {
    await schedules.pause();
    return { message: 'the schedule is paused' };
  },
  resume: async ({ schedules }) => {
    await schedules.resume();
    return { message: 'the schedule is resumed' };
  },
  trigger: async ({ schedules }) => {
    const { started, open } = await schedules.trigger();
    if (started !== null) return { message: `started as ${started}`, href: runAddress(started) };
    return { message: `no run was started: ${open.join(', ') || 'another run'} is open` };
  },
  backfill: async ({ schedules }, body) => {
    const { from, to } = recordOf(body);
    const [start, end] = [timeOf(from, 'from'), timeOf(to, 'to')];
    if (end <= start) throw badInput('write a "to" that is after "from"');
    const { scheduleId } = await schedules.show();
    const times = await schedules.firings(scheduleId, { from: start, to: end });
    if (times.length === 0) return { message: 'the schedule has no firing in this range' };
    if (times.length > MAX_BACKFILL)
      throw badInput(
        `the schedule has ${times.length} firings in this range; backfill at most ${MAX_BACKFILL} at once, or use predictlab schedule backfill`,
      );
    await schedules.backfill(scheduleId, times);
    return { message: `${times.length} runs start one after another, as of ${times[0].toISOString()} and later` };
  },
};

/** Maximum number of runs of a backfill from a page; the command line has no limit. */
const MAX_BACKFILL = 100;

function timeOf(value: unknown, name: string): Date {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(time)) throw badInput(`"${name}": write a time such as 2026-11-24 or 2026-11-24T08:00Z`);
  return new Date(time);
}

/** Starts a run. @param body the run's input; no body means every default */
export async function startRun(lab: PredictLab, body: unknown): Promise<Acted> {
  if (body !== undefined && !isRecord(body))
    throw badInput('write the input of the run as a JSON object, for example { "symbols": ["BTC_PRICE"] }; {} runs every enabled symbol');
  const { runId } = await lab.start(recordOf(body));
  return { message: `started as ${runId}`, href: runAddress(runId) };
}
