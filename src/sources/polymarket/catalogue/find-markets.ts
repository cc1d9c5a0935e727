import { isObject } from '../../catalogue/schema-drift.ts';
import type { Http, QueryPairs } from '../../http/venue-client.ts';
import { VENUE } from '../trades.ts';
import { circular, type FoundMarkets, listInEnvelope, readListing, readMarkets, undefinedIfMissing } from './gamma.ts';

/** Maximum number of ids or slugs in one lookup, which keeps URLs below 8 KB. */
const BATCH = 60;
const FAMILY = 'gamma-markets';

export interface MarketLookup {
  readonly name: 'slug' | 'condition_ids';
  readonly values: readonly string[];
  /** State of the markets that the first of the two queries asks for. */
  readonly likely: 'open' | 'closed';
  /** Whether each value should exist. Values that no listing has are then looked up one by one, and slugs also by path. */
  readonly named: boolean;
  /** All possible names of the market that a value names. When one of them is found, the others are not looked up any more. */
  readonly namesOf?: (value: string) => readonly string[];
}

/**
 * Finds markets by repeated `slug=` or `condition_ids=` parameters, with the separate queries for open and closed ones that Gamma requires.
 * Other hosts may lack the keyset listing (then `/markets` is read) or read only one of several values (then each is queried alone). The
 * route `/markets/slug/{slug}` comes last.
 */
export async function findMarkets(gamma: Http, lookup: MarketLookup): Promise<FoundMarkets> {
  const found = new Found(lookup);
  const lookUp = async (values: readonly string[], closed: boolean): Promise<void> =>
    found.add(values, await readLists(gamma, lookup.name, values, closed));
  const lookUpAll = async (size: number): Promise<void> => {
    for (const closed of lookup.likely === 'closed' ? [true, false] : [false, true]) {
      await inBatches(found.wanted, size, (values) => lookUp(values, closed));
    }
  };
  await lookUpAll(BATCH);
  if (found.wanted.length === 0) return found;
  const oneByOne = lookup.named ? lookup.values.length > 1 : await readsOneValue(found, lookup, lookUp);
  if (oneByOne && !found.hasNoListing) await lookUpAll(1);
  if (lookup.name === 'slug' && (lookup.named || found.hasNoListing)) {
    await inBatches(found.wanted, 1, async (values) => found.add(values, await readPath(gamma, values[0])));
  }
  return found;
}

/** Minimum number of requested values for a check whether the host reads them all; some markets of a series never exist. */
const DOUBT_FROM = 5;

/**
 * Whether the host reads only one of several values of a parameter, as simple replacements of Gamma do. Sends a request only where answers
 * had none of many values, or only the first or the last one.
 */
async function readsOneValue(
  found: Found,
  { values, likely }: MarketLookup,
  lookUp: (values: readonly string[], closed: boolean) => Promise<void>,
): Promise<boolean> {
  if (values.length < DOUBT_FROM || found.hasNoListing) return false;
  const before = found.wanted.length;
  if (before === values.length) await lookUp([values.at(-1) ?? ''], likely === 'closed');
  else if (found.alone !== undefined) await lookUp(found.alone, likely === 'closed');
  else return false;
  return found.wanted.length < before;
}

class Found implements FoundMarkets {
  readonly instruments: FoundMarkets['instruments'][number][] = [];
  readonly problems: string[] = [];
  readonly leftOut: FoundMarkets['leftOut'][number][] = [];
  /** Whether the host has no listing of markets; true until one answers. */
  hasNoListing = true;
  /** A value to look up alone: only its neighbour, the first or last of a batch, was found, so the host may read only one value. */
  alone: readonly string[] | undefined;
  readonly #wanted: Map<string, string>;
  readonly #byName: boolean;
  readonly #namesOf: (value: string) => readonly string[];

  constructor({ name, values, namesOf = (value) => [value] }: MarketLookup) {
    this.#byName = name === 'slug';
    this.#namesOf = namesOf;
    this.#wanted = new Map(values.map((value) => [this.#key(value), value]));
  }

  get wanted(): readonly string[] {
    return [...this.#wanted.values()];
  }

  /** Adds those markets of an answer that are wanted. A host that ignores the filter returns others as well. */
  add(requested: readonly string[], answer: FoundMarkets | undefined): void {
    if (answer === undefined) return;
    this.hasNoListing = false;
    this.problems.push(...answer.problems);
    const before = this.instruments.length + this.leftOut.length;
    for (const instrument of answer.instruments) {
      if (this.#find(this.#byName ? instrument.reference : instrument.id.slice(`${VENUE}:`.length))) this.instruments.push(instrument);
    }
    for (const left of answer.leftOut) if (left.names.filter((name) => this.#find(name)).length > 0) this.leftOut.push(left);
    if (requested.length < DOUBT_FROM || this.instruments.length + this.leftOut.length - before !== 1) return;
    const isFound = (value: string | undefined): boolean => value !== undefined && !this.#wanted.has(this.#key(value));
    // The values of one market are neighbours, so the next market's value comes after all of them.
    const step = this.#namesOf(requested[0]).length;
    const neighbour = isFound(requested[0]) ? requested[step] : isFound(requested.at(-1)) ? requested.at(-1 - step) : undefined;
    if (neighbour !== undefined) this.alone = [neighbour];
  }

  /** Removes a market's name and its other names from the wanted ones. @returns whether the name was wanted */
  #find(name: string): boolean {
    if (!this.#wanted.delete(this.#key(name))) return false;
    for (const other of this.#namesOf(name)) this.#wanted.delete(this.#key(other));
    return true;
  }

  #key(value: string): string {
    return this.#byName ? value : value.toLowerCase();
  }
}

async function inBatches(values: readonly string[], size: number, lookUp: (values: readonly string[]) => Promise<void>): Promise<void> {
  const batches = Array.from({ length: Math.ceil(values.length / size) }, (_, i) => values.slice(i * size, (i + 1) * size));
  await Promise.all(batches.map(lookUp));
}

/** Reads one query's answer from the listing that the host has; undefined when the host has no listing. */
async function readLists(gamma: Http, name: string, values: readonly string[], closed: boolean): Promise<FoundMarkets | undefined> {
  const query: QueryPairs = [
    ...values.map((value) => [name, value] as const),
    ...(closed ? ([['closed', true]] as const) : []),
    ['limit', LIMIT],
  ];
  return await readListing(gamma, {
    keyset: () => readKeyset(gamma, query, values.length),
    plain: async () => readMarkets(listInEnvelope(await gamma.get('/markets', query, FAMILY), 'markets', '/markets'), '/markets'),
  });
}

const LIMIT = 100;

/** Reads all pages of the keyset listing. @param wanted number of values in the query; reading stops 100 markets beyond it */
async function readKeyset(gamma: Http, query: QueryPairs, wanted: number): Promise<FoundMarkets> {
  const where = '/markets/keyset';
  const items: unknown[] = [];
  const seen = new Set<string>();
  for (let cursor: string | undefined; ; ) {
    const json = await gamma.get(where, cursor === undefined ? query : [...query, ['after_cursor', cursor]], FAMILY);
    items.push(...listInEnvelope(json, 'markets', where));
    const next = isObject(json) ? json.next_cursor : undefined;
    if (typeof next !== 'string' || next === '' || items.length > wanted + LIMIT) return readMarkets(items, where);
    if (seen.has(next)) throw circular(where, 'next_cursor', next);
    seen.add(next);
    cursor = next;
  }
}

/** Reads one market by its path, which also finds closed markets. */
async function readPath(gamma: Http, slug: string): Promise<FoundMarkets | undefined> {
  const json = await undefinedIfMissing(gamma.get(`/markets/slug/${encodeURIComponent(slug)}`, [], FAMILY));
  return json === undefined ? undefined : readMarkets([json], '/markets/slug');
}
