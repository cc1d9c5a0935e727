import ms, { type StringValue } from 'ms';
import { PredictLabError } from '../../contracts/errors.ts';
import type { PipelineInput } from '../../contracts/run/pipeline-input.ts';
import { checkedId } from '../../contracts/text/checked-id.ts';
import { DAY_MS } from '../../contracts/words.ts';
import { cronProblem } from './cron-fields.ts';

/** Shortest catch-up window: Temporal silently extends a shorter one to this. */
const MIN_WINDOW_MS = 10_000;

/** The fields of a schedule that can be checked without the server; missing fields are not checked. */
interface GivenSchedule {
  readonly scheduleId?: string;
  readonly cron?: string;
  readonly timeZone?: string;
  readonly catchupWindow?: string;
  readonly jitter?: string;
  readonly pauseOnFailure?: number;
  readonly input?: PipelineInput;
}

/** Checks a schedule before the server is called. @throws PredictLabError BadInput, one sentence */
export function checkSchedule({ scheduleId, cron, timeZone, catchupWindow, jitter, pauseOnFailure, input }: GivenSchedule): void {
  if (scheduleId !== undefined) checkedId('schedule', scheduleId);
  const problem = cron === undefined ? undefined : cronProblem(cron);
  if (problem !== undefined) throw new PredictLabError('BadInput', problem);
  if (timeZone !== undefined) timeZoneName(timeZone);
  if (catchupWindow !== undefined) windowMs(catchupWindow);
  if (jitter !== undefined) jitterMs(jitter);
  if (pauseOnFailure !== undefined) failuresInARow(pauseOnFailure);
  // every firing, even of a backfill, would run as of that one instant and succeed
  if ((input?.asOf ?? null) !== null)
    throw new PredictLabError(
      'BadInput',
      'a schedule runs as of each of its times: leave asOf (--as-of) out, or start one run with `predictlab run --as-of`',
    );
}

/** Number of runs that Temporal remembers of a schedule. */
const MAX_FAILURES = 10;

/** Checks the number of consecutive failures that pause a schedule. @throws PredictLabError BadInput when it is out of range */
export function failuresInARow(count: number): number {
  if (Number.isInteger(count) && count >= 0 && count <= MAX_FAILURES) return count;
  throw new PredictLabError('BadInput', `pause on failure ${count}: write how many runs in a row have to fail, from 1 to ${MAX_FAILURES}`);
}

/** Milliseconds of a jitter. @throws PredictLabError BadInput when the text is not a duration or longer than a day */
export function jitterMs(text: string): number {
  // ms() reads a number without a unit as milliseconds, which is never intended
  const jitter = !/[a-z]/i.test(text) || text.length > 100 ? Number.NaN : ms(text as StringValue);
  if (jitter > 0 && jitter <= DAY_MS) return jitter;
  throw new PredictLabError('BadInput', `jitter ${JSON.stringify(text.slice(0, 60))}: write a duration up to 1d, like "5m"`);
}

/** Milliseconds of a catch-up window. @throws PredictLabError BadInput when the text is not a duration or too short */
export function windowMs(text: string): number {
  const window = !/[a-z]/i.test(text) || text.length > 100 ? Number.NaN : ms(text as StringValue);
  if (window >= MIN_WINDOW_MS) return window;
  throw new PredictLabError('BadInput', `catchup window ${JSON.stringify(text.slice(0, 60))}: write a duration of at least 10s, like "1m"`);
}

/** The canonical IANA name of a time zone: Temporal's names are case-sensitive. @throws PredictLabError BadInput when there is no such zone */
export function timeZoneName(name: string): string {
  try {
    // an offset such as "+02:00" is not a name
    if (/^[A-Za-z]/.test(name)) return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    // Intl throws for an unknown zone: refused below
  }
  throw new PredictLabError(
    'BadInput',
    `time zone ${JSON.stringify(name.slice(0, 60))} is not known; write an IANA name, like "Europe/Berlin" or "UTC"`,
  );
}
