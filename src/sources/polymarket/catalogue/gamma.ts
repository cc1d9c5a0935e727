import type { Instrument } from '../../../contracts/market-data.ts';
import { conditionId } from '../../catalogue/condition-id.ts';
import { isObject, listInAnswer, schemaChanged } from '../../catalogue/schema-drift.ts';
import type { VenueClient } from '../../http/venue-client.ts';
import { VenueError } from '../../http/venue-error.ts';
import { VENUE } from '../api.ts';
import { instrumentOf } from './instrument.ts';
import { noteMarketFields } from './market-fields.ts';
import { gammaMarketSchema } from './market-schema.ts';

/** Markets of one answer, with those that could not be read or collected. */
export interface FoundMarkets {
  readonly instruments: readonly Instrument[];
  /** Messages about markets that could not be read, one sentence each. */
  readonly problems: readonly string[];
  /** Markets that cannot be collected (not binary, without tokens) and why; a problem only where a selector names them. */
  readonly leftOut: readonly LeftOutMarket[];
}

export interface LeftOutMarket {
  /** Slug and condition id, by which a selector may name the market. */
  readonly names: readonly string[];
  readonly why: string;
}

/** Found markets and the number of requests that they took. */
export interface Finding extends FoundMarkets {
  readonly requests: number;
}

/** Statuses of hosts that do not have a route. */
const NO_ROUTE = new Set([404, 405]);
/** Status of a listing that no longer accepts a parameter, and also of one with an invalid value. */
const UNPROCESSABLE = 422;
const GONE = 410;

/** Returns the answer of a route; undefined at hosts that do not have it, so that the caller can use another one. */
export async function undefinedIfMissing<Answer>(requested: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await requested;
  } catch (error) {
    if (error instanceof VenueError && error.status !== null && NO_ROUTE.has(error.status)) return undefined;
    throw error;
  }
}

/** Whether the refusal of a listing is a reason to read the other one: the listing is gone, moved, or no longer accepts the request. */
const shouldReadOther = (error: unknown): error is VenueError =>
  error instanceof VenueError &&
  error.status !== null &&
  (NO_ROUTE.has(error.status) || error.status === GONE || error.status === UNPROCESSABLE || (error.status >= 300 && error.status < 400));

/** Clients of hosts that answered on the older listing after they had refused the keyset listing. */
const older = new WeakSet<VenueClient>();

/**
 * Reads a listing by keyset, or by the older route where the host refuses the keyset. A host that is known for its older route is read in
 * the reverse order. A block (403 with a page of HTML) is not a reason to change the route.
 *
 * @returns the answer; undefined at a host without either listing
 * @throws VenueError the refusal of a value (422) where no listing accepts it
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
      // the refusal of a value does not show whether the route exists
      if (refused !== undefined && refused.status !== UNPROCESSABLE) older[route === 'plain' ? 'add' : 'delete'](gamma);
      return answer;
    } catch (error) {
      if (!shouldReadOther(error)) throw error;
      if (refused === undefined || error.status === UNPROCESSABLE) refused = error;
    }
  }
  if (refused?.status === UNPROCESSABLE) throw refused;
  return undefined;
}

/** Returns the list of an answer, which is the answer itself or a field of it: `data` or the given name (`markets`, `events`). */
export function listInEnvelope(json: unknown, name: string, where: string): readonly unknown[] {
  const key = !isObject(json) ? '$' : ([name, 'data'].find((each) => each in json) ?? name);
  return listInAnswer(json, key, { venue: VENUE, where });
}

/**
 * Reads a list of Gamma markets. A market without a required field is a problem of that market.
 *
 * @throws PredictLabError SourceSchemaChanged when no market of the list can be read
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
