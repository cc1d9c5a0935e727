import ms, { type StringValue } from 'ms';
import { PredictLabError } from '../../contracts/errors.ts';
import type { PipelineInput } from '../../contracts/run/pipeline-input.ts';
import { checkedId } from '../../contracts/text/checked-id.ts';
import { DAY_MS } from '../../contracts/words.ts';
import { cronProblem } from './cron-fields.ts';

/** Temporal takes a shorter window for this long. */
const SHORTEST_WINDOW_MS = 10_000;

/** What of a schedule can be wrong by itself; what is not given is not looked at. */
interface GivenSchedule {
  readonly scheduleId?: string;
  readonly cron?: string;
  readonly timeZone?: string;
  readonly catchupWindow?: string;
  readonly jitter?: string;
  readonly pauseOnFailure?: number;
  readonly input?: PipelineInput;
}

/** @throws PredictLabError BadInput, one sentence, before anybody is asked */
export function checkSchedule({ scheduleId, cron, timeZone, catchupWindow, jitter, pauseOnFailure, input }: GivenSchedule): void {
  if (scheduleId !== undefined) checkedId('schedule', scheduleId);
  const problem = cron === undefined ? undefined : cronProblem(cron);
  if (problem !== undefined) throw new PredictLabError('BadInput', problem);
  if (timeZone !== undefined) timeZoneName(timeZone);
  if (catchupWindow !== undefined) windowMs(catchupWindow);
  if (jitter !== undefined) jitterMs(jitter);
  if (pauseOnFailure !== undefined) failuresInARow(pauseOnFailure);
  // each firing, a backfill's too, would run as of that one instant and say success
  if ((input?.asOf ?? null) !== null)
    throw new PredictLabError(
      'BadInput',
      'a schedule runs as of each of its times: leave asOf (--as-of) out, or start one run with `predictlab run --as-of`',
    );
}

/** Temporal remembers so many runs of a schedule. */
const MOST_FAILURES = 10;

/** How many failures in a row pause a schedule. @throws PredictLabError BadInput when nobody can count so many */
export function failuresInARow(count: number): number {
  if (Number.isInteger(count) && count >= 0 && count <= MOST_FAILURES) return count;
  throw new PredictLabError('BadInput', `pause on failure ${count}: write how many runs in a row have to fail, from 1 to ${MOST_FAILURES}`);
}

/** Milliseconds of a jitter. @throws PredictLabError BadInput when it is none, or longer than a day */
export function jitterMs(text: string): number {
  // a number alone would be milliseconds
  const jitter = !/[a-z]/i.test(text) || text.length > 100 ? Number.NaN : ms(text as StringValue);
  if (jitter > 0 && jitter <= DAY_MS) return jitter;
  throw new PredictLabError('BadInput', `jitter ${JSON.stringify(text.slice(0, 60))}: write a duration up to 1d, like "5m"`);
}

/** Milliseconds of a catch-up window. @throws PredictLabError BadInput when it is none, or too short */
export function windowMs(text: string): number {
  const window = !/[a-z]/i.test(text) || text.length > 100 ? Number.NaN : ms(text as StringValue);
  if (window >= SHORTEST_WINDOW_MS) return window;
  throw new PredictLabError('BadInput', `catchup window ${JSON.stringify(text.slice(0, 60))}: write a duration of at least 10s, like "1m"`);
}

/** A time zone by its IANA name, of whichever spelling: Temporal tells "utc" from "UTC". @throws PredictLabError BadInput when there is no such zone */
export function timeZoneName(name: string): string {
  try {
    // an offset, like "+02:00", is no name
    if (/^[A-Za-z]/.test(name)) return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    // the same sentence
  }
  throw new PredictLabError(
    'BadInput',
    `time zone ${JSON.stringify(name.slice(0, 60))} is not known; write an IANA name, like "Europe/Berlin" or "UTC"`,
  );
}
