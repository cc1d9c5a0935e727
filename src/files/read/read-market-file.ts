import { badInput } from '../../contracts/errors.ts';
import { type OwnFacts, ownFactsSchema } from '../../contracts/own-facts.ts';
import { parseNumber } from '../parse/parse-number.ts';
import { parseTime, timeUnitOf } from '../parse/parse-time.ts';
import { openRecords } from './records.ts';
import { columnOf } from './tick-format.ts';

/** A market's title, outcomes and facts as a file of markets states them. */
export interface MarketDescription {
  readonly title?: string;
  /** Names of the outcomes, the priced one first; empty where the file does not state them. */
  readonly outcomes: readonly string[];
  readonly facts: OwnFacts;
}

/** Column names that public data sets use for each fact. */
const COLUMNS = {
  title: ['title', 'question'],
  outcomes: ['outcomes'],
  endsAt: ['ends_at', 'endsAt', 'endDate', 'end_date', 'end_date_iso'],
  closedAt: ['closed_at', 'closedAt', 'closedTime', 'closed_time'],
  resolution: ['resolution', 'payout'],
  event: ['event', 'eventSlug', 'event_slug'],
  tick: ['tick', 'tick_size', 'orderPriceMinTickSize'],
} as const;
type Role = keyof typeof COLUMNS;

/**
 * Reads the descriptions of markets from a CSV, NDJSON or Parquet file with a row for each.
 * @param by the column that names the market, as in the ticks
 * @param wanted names of the markets for which there are ticks; others are left out
 * @throws PredictLabError BadInput when the file lacks the column, or a fact of a wanted market cannot be read
 */
export async function readMarketFile(
  path: string,
  by: string,
  wanted: ReadonlySet<string>,
): Promise<ReadonlyMap<string, MarketDescription>> {
  const file = await openRecords(path);
  const key = columnOf(path, file.names, by);
  const places = Object.entries(COLUMNS).flatMap(([role, names]): [Role, number][] => {
    const place = file.names.findIndex((name) => (names as readonly string[]).includes(name));
    return place < 0 ? [] : [[role as Role, place]];
  });
  const found = new Map<string, MarketDescription>();
  for await (const records of file.records({ columns: [...new Set([key, ...places.map(([, place]) => place)])] })) {
    for (const { fields, number } of records) {
      const name = fields?.[key]?.trim() ?? '';
      if (fields === null || !wanted.has(name)) continue;
      const texts = Object.fromEntries(places.map(([role, place]) => [role, fields[place]?.trim() ?? ''])) as Partial<Record<Role, string>>;
      found.set(name, describedBy(texts, `${path}, ${file.kind === 'parquet' ? 'row' : 'line'} ${number}`));
    }
  }
  return found;
}

function describedBy({ title, outcomes, event, ...texts }: Partial<Record<Role, string>>, where: string): MarketDescription {
  const time = (text: string): string => {
    const at = parseTime(text, timeUnitOf([text]));
    if (at === null || Number.isNaN(at))
      throw badInput(`${where}: ${JSON.stringify(text)} is not a time; write ISO 8601 such as 2026-11-24T15:45:00Z`);
    return new Date(at).toISOString();
  };
  const facts = ownFactsSchema.safeParse({
    ...(texts.endsAt && { endsAt: time(texts.endsAt) }),
    ...(texts.closedAt && { closedAt: time(texts.closedAt) }),
    ...(texts.resolution && { resolution: parseNumber(texts.resolution) }),
    ...(event && { event }),
    ...(texts.tick && { tick: parseNumber(texts.tick) }),
  });
  if (!facts.success) {
    const [{ path, message }] = facts.error.issues;
    throw badInput(`${where}: ${path.join('.')}: ${message}`);
  }
  return { ...(title && { title }), outcomes: outcomesIn(outcomes ?? '', where), facts: facts.data };
}

/** The outcome names in a list, which is JSON or separated by bars or semicolons. */
function outcomesIn(text: string, where: string): readonly string[] {
  if (!text.startsWith('[')) return text === '' ? [] : text.split(/[|;]/).map((name) => name.trim());
  try {
    return (JSON.parse(text) as unknown[]).map(String);
  } catch {
    throw badInput(`${where}: the outcomes ${text.slice(0, 60)} are not a list; write ["Yes","No"] or Yes|No`);
  }
}
