import { isObject } from '../../catalogue/schema-drift.ts';
import type { QueryPairs, VenueClient } from '../../http/venue-client.ts';
import { type Call, VENUE } from '../api.ts';
import { type Finding, ifThere, listInEnvelope, readListing, readMarkets } from './gamma.ts';
import { circular } from './list-events.ts';

/** Ids or slugs in one question: URLs stay below 8 KB. */
const BATCH = 60;
const FAMILY = 'polymarket/gamma-markets';

/** Which markets are asked for, by what. */
export interface MarketQuestion {
  readonly name: 'slug' | 'condition_ids';
  readonly values: readonly string[];
  /** Which of the two questions goes first. */
  readonly likely: 'open' | 'closed';
  /** Whether each value should exist: then what no list has is looked up one by one, by its path. */
  readonly named: boolean;
}

/**
 * Markets by repeated `slug=` or `condition_ids=`. Gamma leaves out closed markets unless it is asked for them, so what one
 * question does not find the other is asked for. Hosts differ in what else they can: without the keyset listing `/markets` is
 * read, one that reads a single value of several is asked value by value, and `/markets/slug/{slug}` comes last.
 */
export async function findMarkets(gamma: VenueClient, question: MarketQuestion, call: Call): Promise<Finding> {
  const found = new Found(question);
  const ask = async (values: readonly string[], closed: boolean): Promise<void> =>
    found.add(values, await askLists(gamma, question.name, values, closed, call));
  const askAll = async (size: number): Promise<void> => {
    for (const closed of question.likely === 'closed' ? [true, false] : [false, true]) {
      await inBatches(found.wanted, size, (values) => ask(values, closed));
    }
  };
  await askAll(BATCH);
  if (found.wanted.length === 0) return found;
  const oneByOne = question.named ? question.values.length > 1 : await readsOneValue(found, question, ask);
  if (oneByOne && !found.listless) await askAll(1);
  if (question.name === 'slug' && (question.named || found.listless)) {
    await inBatches(found.wanted, 1, async (values) => found.add(values, await askPath(gamma, values[0] ?? '', call)));
  }
  return found;
}

/** Fewer members of a series than this are no reason to doubt the host: some do not exist. */
const DOUBT_FROM = 5;

/**
 * Whether the host reads only one of several values of a name, as simple stand-ins do. Asked only where the answers look like it:
 * nothing of many, or the first or the last of many alone.
 */
async function readsOneValue(
  found: Found,
  { values, likely }: MarketQuestion,
  ask: (values: readonly string[], closed: boolean) => Promise<void>,
): Promise<boolean> {
  if (values.length < DOUBT_FROM || found.listless) return false;
  const before = found.wanted.length;
  if (before === values.length) await ask([values.at(-1) ?? ''], likely === 'closed');
  else if (found.alone !== undefined) await ask(found.alone, likely === 'closed');
  else return false;
  return found.wanted.length < before;
}

/** What has been found so far of a question, and what is still wanted. */
class Found implements Finding {
  readonly instruments: Finding['instruments'][number][] = [];
  readonly problems: string[] = [];
  readonly leftOut: Finding['leftOut'][number][] = [];
  requests = 0;
  /** The host has no listing of markets at all. */
  listless = true;
  /** The neighbour of a value that was found alone at an end of a batch: what a host finds that reads one value of several. */
  alone: readonly string[] | undefined;
  readonly #wanted: Map<string, string>;
  readonly #byName: boolean;

  constructor({ name, values }: MarketQuestion) {
    this.#byName = name === 'slug';
    this.#wanted = new Map(values.map((value) => [this.#key(value), value]));
  }

  get wanted(): readonly string[] {
    return [...this.#wanted.values()];
  }

  /** Takes what was asked for; a host that does not know the filter sends others as well. */
  add(asked: readonly string[], answer: Finding | undefined): void {
    this.requests += answer?.requests ?? 1;
    if (answer === undefined) return;
    this.listless = false;
    this.problems.push(...answer.problems);
    const before = this.#wanted.size;
    for (const instrument of answer.instruments) {
      const name = this.#byName ? instrument.reference : instrument.id.slice(`${VENUE}:`.length);
      if (!this.#wanted.delete(this.#key(name))) continue;
      this.instruments.push(instrument);
    }
    for (const left of answer.leftOut) {
      if (left.names.filter((name) => this.#wanted.delete(this.#key(name))).length === 0) continue;
      this.leftOut.push(left);
    }
    if (asked.length < DOUBT_FROM || before - this.#wanted.size !== 1) return;
    const [first, second] = asked;
    const [beforeLast, last] = asked.slice(-2);
    const isFound = (value: string | undefined): boolean => value !== undefined && !this.#wanted.has(this.#key(value));
    const neighbour = isFound(first) ? second : isFound(last) ? beforeLast : undefined;
    if (neighbour !== undefined) this.alone = [neighbour];
  }

  #key(value: string): string {
    return this.#byName ? value : value.toLowerCase();
  }
}

async function inBatches(values: readonly string[], size: number, ask: (values: readonly string[]) => Promise<void>): Promise<void> {
  const batches = Array.from({ length: Math.ceil(values.length / size) }, (_, i) => values.slice(i * size, (i + 1) * size));
  await Promise.all(batches.map(ask));
}

/** One request to the listing that the host has; undefined when it has none. */
async function askLists(
  gamma: VenueClient,
  name: string,
  values: readonly string[],
  closed: boolean,
  call: Call,
): Promise<Finding | undefined> {
  const query: QueryPairs = [
    ...values.map((value) => [name, value] as const),
    ...(closed ? ([['closed', true]] as const) : []),
    ['limit', LIMIT],
  ];
  return await readListing(gamma, {
    keyset: () => askKeyset(gamma, query, values.length, call),
    plain: async () => {
      const answer = await gamma.get({ path: '/markets', query, family: FAMILY, ...call });
      return { ...readMarkets(listInEnvelope(answer.json, 'markets', '/markets'), '/markets'), requests: answer.requests };
    },
  });
}

const LIMIT = 100;

/** @param wanted values in the query: a listing that goes on for more markets than that does not read the filter */
async function askKeyset(gamma: VenueClient, query: QueryPairs, wanted: number, call: Call): Promise<Finding> {
  const where = '/markets/keyset';
  const items: unknown[] = [];
  const seen = new Set<string>();
  let requests = 0;
  for (let cursor: string | undefined; ; ) {
    const answer = await gamma.get({
      path: where,
      query: cursor === undefined ? query : [...query, ['after_cursor', cursor]],
      family: FAMILY,
      ...call,
    });
    requests += answer.requests;
    items.push(...listInEnvelope(answer.json, 'markets', where));
    const next = isObject(answer.json) ? answer.json.next_cursor : undefined;
    if (typeof next !== 'string' || next === '' || items.length > wanted + LIMIT) return { ...readMarkets(items, where), requests };
    if (seen.has(next)) throw circular(where, 'next_cursor', next);
    seen.add(next);
    cursor = next;
  }
}

/** One market by its path, which knows closed ones too. */
async function askPath(gamma: VenueClient, slug: string, call: Call): Promise<Finding | undefined> {
  const answer = await ifThere(gamma.get({ path: `/markets/slug/${encodeURIComponent(slug)}`, family: FAMILY, ...call }));
  return answer === undefined ? undefined : { ...readMarkets([answer.json], '/markets/slug'), requests: answer.requests };
}
