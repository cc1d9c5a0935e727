import type { Instrument } from '../../../contracts/market-data.ts';
import { conditionId } from '../../catalogue/condition-id.ts';
import { isObject, listInAnswer, schemaChanged } from '../../catalogue/schema-drift.ts';
import type { VenueClient } from '../../http/venue-client.ts';
import { VenueError } from '../../http/venue-error.ts';
import { VENUE } from '../api.ts';
import { instrumentOf } from './instrument.ts';
import { noteMarketFields } from './market-fields.ts';
import { gammaMarketSchema } from './market-schema.ts';

/** Markets of one answer, and what else came with them. */
export interface FoundMarkets {
  readonly instruments: readonly Instrument[];
  /** Markets that could not be read, one sentence each. */
  readonly problems: readonly string[];
  /** Markets that cannot be collected (not binary, without tokens) and why; a problem only where a selector names them. */
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
/** A listing answers 422 where it no longer takes a parameter, and as well where one value is wrong. */
const UNPROCESSABLE = 422;
const GONE = 410;

/** What a route answers; undefined at hosts that do not have it, so that another one can be used. */
export async function ifThere<Answer>(requested: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await requested;
  } catch (error) {
    if (error instanceof VenueError && error.status !== null && NO_ROUTE.has(error.status)) return undefined;
    throw error;
  }
}

/** Whether a listing's refusal says that the other listing should be read: it is gone, moved, or takes no such request any more. */
const opensOther = (error: unknown): error is VenueError =>
  error instanceof VenueError &&
  error.status !== null &&
  (NO_ROUTE.has(error.status) || error.status === GONE || error.status === UNPROCESSABLE || (error.status >= 300 && error.status < 400));

/** Hosts that answered on the older listing after they had refused the newer one. */
const older = new WeakSet<VenueClient>();

/**
 * Reads a listing by keyset, or by the older route where the host refuses the first one, and the other way round at a host that is known
 * for its older one. A block (403 with a page of HTML) is neither.
 *
 * @returns undefined at a host without either listing
 * @throws VenueError the refusal of a value (422) where no listing takes it
 */
export async function readListing<Answer>(
  gamma: VenueClient,
  routes: { keyset(): Promise<Answer>; plain(): Promise<Answer> },
): Promise<Answer | undefined> {
  const order = older.has(gamma) ? (['plain', 'keyset'] as const) : (['keyset', 'plain'] as const);
  let refused: VenueError | undefined;
  for (const route of order) {
    try {
      const answer = await routes[route]();
      // a wrong value says nothing about the route
      if (refused !== undefined && refused.status !== UNPROCESSABLE) older[route === 'plain' ? 'add' : 'delete'](gamma);
      return answer;
    } catch (error) {
      if (!opensOther(error)) throw error;
      if (refused === undefined || error.status === UNPROCESSABLE) refused = error;
    }
  }
  if (refused?.status === UNPROCESSABLE) throw refused;
  return undefined;
}

/** The list of an answer: bare, or as `data` or its own name (`markets`, `events`) in an envelope. */
export function listInEnvelope(json: unknown, name: string, where: string): readonly unknown[] {
  const key = !isObject(json) ? '$' : ([name, 'data'].find((each) => each in json) ?? name);
  return listInAnswer(json, key, { venue: VENUE, where });
}

/**
 * Reads a list of Gamma markets. One market that lost a field is a problem of that market; a list in which no market can be
 * read is a changed schema.
 */
export function readMarkets(list: readonly unknown[], where: string): FoundMarkets {
  noteMarketFields(list);
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
