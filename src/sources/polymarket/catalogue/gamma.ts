import type { Instrument } from '../../../contracts/market-data.ts';
import { conditionId } from '../../catalogue/condition-id.ts';
import { isObject, listInAnswer, schemaChanged } from '../../catalogue/schema-drift.ts';
import { VenueError } from '../../http/venue-error.ts';
import { VENUE } from '../api.ts';
import { instrumentOf } from './instrument.ts';
import { gammaMarketSchema } from './market-schema.ts';

/** Markets found by one question, and what else came with them. */
export interface FoundMarkets {
  readonly instruments: readonly Instrument[];
  /** Markets that could not be read, one sentence each. */
  readonly problems: readonly string[];
  /** Markets that are none of ours (not binary, without tokens) and why; a problem only for who asked for them by name. */
  readonly leftOut: readonly LeftOutMarket[];
}

export interface LeftOutMarket {
  /** Slug and condition id, as a selector may name it. */
  readonly names: readonly string[];
  readonly why: string;
}

/** Found markets and the requests they took. */
export interface Finding extends FoundMarkets {
  readonly requests: number;
}

/** What hosts answer that do not have a route. */
const NO_ROUTE = new Set([404, 405]);

/** What a route answers; undefined at hosts that do not have it, so that another one can be asked. */
export async function ifThere<Answer>(asked: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof VenueError && error.status !== null && NO_ROUTE.has(error.status)) return undefined;
    throw error;
  }
}

/** The list of an answer: bare, or as `data` or its own name (`markets`, `events`) in an envelope. */
export function listInEnvelope(json: unknown, name: string, where: string): readonly unknown[] {
  const key = !isObject(json) ? '$' : ([name, 'data'].find((each) => each in json) ?? name);
  return listInAnswer(json, key, { venue: VENUE, where });
}

/**
 * Reads a list of Gamma markets. One market that lost a field is a problem of that market; a list of which none can be
 * read is a changed schema.
 */
export function readMarkets(list: readonly unknown[], where: string): FoundMarkets {
  const instruments: Instrument[] = [];
  const problems: string[] = [];
  const leftOut: LeftOutMarket[] = [];
  let unreadable: { path: string; message: string } | undefined;
  let read = 0;
  for (const item of list) {
    const parsed = gammaMarketSchema.safeParse(item);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      unreadable ??= { path: `[].${issue?.path.join('.') ?? ''}`, message: issue?.message ?? 'unreadable' };
      problems.push(
        `polymarket: market ${isObject(item) ? String(item.slug ?? item.id) : 'without a name'} cannot be read (${unreadable.path}: ${issue?.message})`,
      );
      continue;
    }
    read++;
    const reading = instrumentOf(parsed.data);
    if ('instrument' in reading) instruments.push(reading.instrument);
    else leftOut.push({ names: [parsed.data.slug, conditionId(parsed.data.conditionId)], why: reading.notBinary });
  }
  if (unreadable !== undefined && read === 0) {
    const field = unreadable.path.slice(3);
    const got = isObject(list[0]) ? list[0][field] : list[0];
    throw schemaChanged({ venue: VENUE, where, path: unreadable.path, expected: unreadable.message, got, sample: list[0] });
  }
  return { instruments, problems, leftOut };
}
