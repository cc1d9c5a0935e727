import ms, { type StringValue } from 'ms';
import { badInput } from '../../contracts/errors.ts';
import { checkedId } from '../../contracts/text/checked-id.ts';
import { DAY_MS } from '../../contracts/words.ts';
import type { ScheduleOptions } from './schedule-options.ts';

/** Shortest catch-up window: Temporal silently extends a shorter one to this. */
const MIN_WINDOW_MS = 10_000;

/** The fields of a schedule that can be checked without the server; any of them may be missing. */
type GivenSchedule = Omit<ScheduleOptions, 'note' | 'replaceInput' | 'check'>;

/** Checks a schedule before the server is called. @throws PredictLabError BadInput, one sentence */
export function checkSchedule({ scheduleId, cron, timeZone, catchupWindow, jitter, pauseOnFailure, input }: GivenSchedule): void {
  if (scheduleId !== undefined) checkedId('schedule', scheduleId);
  const problem = cron === undefined ? undefined : cronProblem(cron);
  if (problem !== undefined) throw badInput(problem);
  if (timeZone !== undefined) timeZoneName(timeZone);
  if (catchupWindow !== undefined) windowMs(catchupWindow);
  if (jitter !== undefined) jitterMs(jitter);
  if (pauseOnFailure !== undefined) failuresInARow(pauseOnFailure);
  // With a fixed asOf, every firing would run as of that one instant and succeed without new data.
  if ((input?.asOf ?? null) !== null)
    throw badInput('a schedule runs as of each of its times: leave asOf (--as-of) out, or start one run with `predictlab run --as-of`');
}

/** The highest number of failures in a row after which a schedule can pause: Temporal remembers only this many of its runs. */
const MAX_FAILURES = 10;

/** Checks the number of consecutive failures that pause a schedule. @throws PredictLabError BadInput when it is out of range */
export function failuresInARow(count: number): number {
  if (Number.isInteger(count) && count >= 0 && count <= MAX_FAILURES) return count;
  throw badInput(`pause on failure ${count}: write how many runs in a row have to fail, from 1 to ${MAX_FAILURES}`);
}

/** Converts a jitter to milliseconds. @throws PredictLabError BadInput when the text is not a duration or longer than a day */
export function jitterMs(text: string): number {
  // ms() reads a number without a unit as milliseconds, which is never intended.
  const jitter = !/[a-z]/i.test(text) || text.length > 100 ? Number.NaN : ms(text as StringValue);
  if (jitter > 0 && jitter <= DAY_MS) return jitter;
  throw badInput(`jitter ${JSON.stringify(text.slice(0, 60))}: write a duration up to 1d, like "5m"`);
}

/** Converts a catch-up window to milliseconds. @throws PredictLabError BadInput when the text is not a duration or too short */
export function windowMs(text: string): number {
  const window = !/[a-z]/i.test(text) || text.length > 100 ? Number.NaN : ms(text as StringValue);
  if (window >= MIN_WINDOW_MS) return window;
  throw badInput(`catchup window ${JSON.stringify(text.slice(0, 60))}: write a duration of at least 10s, like "1m"`);
}

/** The canonical IANA name of a time zone: Temporal's names are case-sensitive. @throws PredictLabError BadInput for an unknown zone */
export function timeZoneName(name: string): string {
  try {
    // Intl accepts offsets such as "+02:00", which are not names.
    if (/^[A-Za-z]/.test(name)) return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    // Intl throws for an unknown zone, which is refused below.
  }
  throw badInput(`time zone ${JSON.stringify(name.slice(0, 60))} is not known; write an IANA name, like "Europe/Berlin" or "UTC"`);
}

/** One of the five cron fields: its name, its range, and names that stand for numbers. */
interface Field {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  readonly names?: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const FIELDS: readonly Field[] = [
  { name: 'minute', least: 0, most: 59 },
  { name: 'hour', least: 0, most: 23 },
  { name: 'day of the month', least: 1, most: 31 },
  { name: 'month', least: 1, most: 12, names: ['', ...MONTHS] },
  { name: 'day of the week', least: 0, most: 7, names: DAYS },
];
const DAYS_IN_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
/** Matches words that replace a whole cron expression, such as `@daily`; the server understands them. */
const WORDS = /^@(?:yearly|annually|monthly|weekly|daily|midnight|hourly|every \S.*)$/;

/** The problem of a schedule's cron fields, as a sentence; undefined when they are valid. */
export function cronProblem(cron: string): string | undefined {
  const text = cron.trim();
  if (WORDS.test(text)) return undefined;
  const parts = text.split(/\s+/);
  const shown = JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
  if (parts.length !== FIELDS.length)
    return `cron ${shown} has ${text === '' ? 0 : parts.length} fields; write five: minute hour day-of-month month day-of-week, like "0 */4 * * *"`;
  const sets: (ReadonlySet<number> | undefined)[] = [];
  for (const [i, field] of FIELDS.entries()) {
    const values = valuesOf(parts[i], field);
    if (values === undefined) {
      const named = field.names === undefined ? '' : `, or ${field.names.filter((name) => name !== '').join(' ')}`;
      return `cron ${shown}: ${JSON.stringify(parts[i].slice(0, 40))} is not a valid ${field.name}; write numbers from ${field.least} to ${field.most}${named}, like * or */2 or ${field.least},${field.least + 1}`;
    }
    sets.push(values === 'all' ? undefined : values);
  }
  const [, , days, months, weekdays] = sets;
  // Cron fires when either the date or the day of the week matches, so an impossible date matters only without a day of the week.
  if (days === undefined || weekdays !== undefined) return undefined;
  const possible = [...(months ?? DAYS_IN_MONTH.map((_, i) => i + 1))].some((month) =>
    [...days].some((day) => day <= DAYS_IN_MONTH[month - 1]),
  );
  return possible
    ? undefined
    : `cron ${shown} never fires: none of these months has ${Math.min(...days)} days; change the day or the month`;
}

/** Parses a cron field. @returns undefined when the field is invalid */
function valuesOf(text: string, field: Field): ReadonlySet<number> | 'all' | undefined {
  if (text === '*' || text === '?') return 'all';
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const [, range, step] = /^([^/]+)(?:\/(\d{1,4}))?$/.exec(part) ?? [];
    if (range === undefined || step === '0' || Number(step ?? 1) === 0) return undefined;
    const bounds = boundsOf(range, field, step !== undefined);
    if (bounds === undefined) return undefined;
    for (let value = bounds[0]; value <= bounds[1]; value += Number(step ?? 1)) values.add(value);
  }
  return values;
}

function boundsOf(range: string, field: Field, hasStep: boolean): readonly [number, number] | undefined {
  if (range === '*') return [field.least, field.most];
  const [from, to, ...more] = range.split('-').map((word) => numberOf(word, field));
  if (from === undefined || more.length > 0 || (range.includes('-') && to === undefined)) return undefined;
  const last = to ?? (hasStep ? field.most : from);
  return last < from ? undefined : [from, last];
}

function numberOf(word: string, { least, most, names = [] }: Field): number | undefined {
  const named = names.indexOf(word.toLowerCase());
  const value = word !== '' && named >= 0 ? named : /^\d{1,2}$/.test(word) ? Number(word) : Number.NaN;
  return value >= least && value <= most ? value : undefined;
}
