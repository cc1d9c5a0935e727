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
/** Words that stand for a whole cron expression; the server understands them. */
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
  // Cron fires when either the date or the day of the week matches, so the date alone does not decide.
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
