import type { Instrument } from '../../contracts/market-data.ts';
import type { QueryPairs, VenueClient } from '../http/venue-client.ts';
import { VenueError } from '../http/venue-error.ts';
import { isObject, listAt, schemaChanged } from '../schema-drift.ts';
import { type Call, VENUE } from './api.ts';
import { instrumentOf } from './instrument.ts';
import { gammaMarketSchema } from './market-schema.ts';

/** Markets found by one question, and what else came with them. */
export interface FoundMarkets {
  readonly instruments: readonly Instrument[];
  /** Markets that could not be read, one sentence each. */
  readonly problems: readonly string[];
  /** Markets that are none of ours (not binary, without tokens) and why; a problem only for who asked for them by name. */
  readonly leftOut: readonly LeftOut[];
}

export interface LeftOut {
  /** Slug and condition id, as a selector may name it. */
  readonly names: readonly string[];
  readonly why: string;
}

/**
 * Reads a list of Gamma markets. One market that lost a field is a problem of that market; a list of which none can be
 * read is a changed schema.
 */
export function readMarkets(list: readonly unknown[], where: string): FoundMarkets {
  const instruments: Instrument[] = [];
  const problems: string[] = [];
  const leftOut: LeftOut[] = [];
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
    else leftOut.push({ names: [parsed.data.slug, parsed.data.conditionId], why: reading.notBinary });
  }
  if (unreadable !== undefined && read === 0) {
    const field = unreadable.path.slice(3);
    const got = isObject(list[0]) ? list[0][field] : list[0];
    throw schemaChanged({ venue: VENUE, where, path: unreadable.path, expected: unreadable.message, got, sample: list[0] });
  }
  return { instruments, problems, leftOut };
}

/** Ids or slugs in one question: URLs stay below 8 KB. */
const BATCH = 60;

export interface Finding extends FoundMarkets {
  readonly requests: number;
}

/**
 * Markets by repeated `slug=` or `condition_ids=`. Gamma leaves out closed markets unless it is asked for them, so what one
 * question does not find the other is asked for.
 *
 * @param likely which of the two questions goes first
 */
export async function findMarkets(
  gamma: VenueClient,
  by: { readonly name: 'slug' | 'condition_ids'; readonly values: readonly string[]; readonly likely: 'open' | 'closed' },
  call: Call,
): Promise<Finding> {
  const instruments: Instrument[] = [];
  const problems: string[] = [];
  const leftOut: LeftOut[] = [];
  let requests = 0;
  let wanted = [...new Set(by.values)];
  for (const closed of by.likely === 'closed' ? [true, false] : [false, true]) {
    const found = new Set<string>();
    const batches = Array.from({ length: Math.ceil(wanted.length / BATCH) }, (_, i) => wanted.slice(i * BATCH, (i + 1) * BATCH));
    const answers = await Promise.all(batches.map((batch) => askMarkets(gamma, by.name, batch, closed, call)));
    for (const answer of answers) {
      requests += answer.requests;
      problems.push(...answer.problems);
      leftOut.push(...answer.leftOut);
      for (const { names } of answer.leftOut) for (const name of names) found.add(by.name === 'slug' ? name : name.toLowerCase());
      for (const instrument of answer.instruments) {
        instruments.push(instrument);
        found.add(by.name === 'slug' ? instrument.reference : instrument.id.slice(`${VENUE}:`.length).toLowerCase());
      }
    }
    wanted = wanted.filter((value) => !found.has(by.name === 'slug' ? value : value.toLowerCase()));
    if (wanted.length === 0) break;
  }
  return { instruments, problems, leftOut, requests };
}

async function askMarkets(gamma: VenueClient, name: string, values: readonly string[], closed: boolean, call: Call): Promise<Finding> {
  const filters: QueryPairs = values.map((value) => [name, value] as const);
  const { json, requests } = await gamma.get({
    path: '/markets',
    query: [...filters, ...(closed ? ([['closed', true]] as const) : []), ['limit', 100]],
    family: 'polymarket/gamma-markets',
    ...call,
  });
  return { ...readMarkets(listAt(json, '$', { venue: VENUE, where: '/markets' }), '/markets'), requests };
}

/** All markets of an event, open and closed; undefined when there is no such event. */
export async function findEvent(gamma: VenueClient, slug: string, call: Call): Promise<Finding | undefined> {
  const family = 'polymarket/gamma-events';
  const at = { venue: VENUE, where: '/events/slug' };
  try {
    const { json, requests } = await gamma.get({ path: `/events/slug/${encodeURIComponent(slug)}`, family, ...call });
    return { ...readMarkets(listAt(json, 'markets', at), at.where), requests };
  } catch (error) {
    if (!(error instanceof VenueError) || error.status !== 404) throw error;
  }
  return await findEventInList(gamma, slug, call);
}

/** The listing knows an event where the path by slug does not, closed ones only when they are asked for. */
async function findEventInList(gamma: VenueClient, slug: string, call: Call): Promise<Finding | undefined> {
  const at = { venue: VENUE, where: '/events' };
  for (const closed of [false, true]) {
    const query: QueryPairs = [['slug', slug], ...(closed ? ([['closed', true]] as const) : [])];
    const { json, requests } = await gamma.get({ path: '/events', query, family: 'polymarket/gamma-events', ...call });
    const [event] = listAt(json, '$', at);
    if (event !== undefined) return { ...readMarkets(listAt(event, 'markets', at), at.where), requests: 1 + requests };
  }
  return undefined;
}
