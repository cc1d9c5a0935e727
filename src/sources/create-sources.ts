import { type RateLimit, shareOfLimit } from '../budget/rate-limits.ts';
import { createLocalWindows, type WindowStore } from '../budget/sliding-window.ts';
import { createTokenPool } from '../budget/token-pool.ts';
import { badInput } from '../contracts/errors.ts';
import type { Instrument } from '../contracts/market-data.ts';
import type { TickKind } from '../contracts/words.ts';
import type { ReadRow } from './candidate.ts';
import { newWork, VenueClient } from './http/venue-client.ts';
import type { ProbedRoute } from './probe/judge-answer.ts';
import { createProber } from './probe/prober.ts';
import type { AvailableSource, SearchHit, Sources } from './source.ts';
import type { AnyVenue, RunningVenue, SearchQuery, Venue } from './venue.ts';
import { contextOf, type OpenVenue, probeVenue, venueSource } from './venue-source.ts';
import { loadedVenues, venueNamed } from './venues.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface CreateSourcesOptions {
  readonly env: Environment;
  /** Store of the rate budgets; workers that share it share the limits. @default a store of this process alone */
  readonly windows?: WindowStore;
  readonly log?: { info(message: string, fields?: Record<string, unknown>): void };
  /** Venues to create sources for. @default the loaded venues */
  readonly venues?: readonly AnyVenue[];
}

/** The hits of a search at one venue, or the reason why that venue was not searched. */
export type VenueSearch = { readonly hits: readonly SearchHit[] } | { readonly skipped: string };

/** All sources with their connections, which stay open until `close`. */
export interface SourceSet {
  readonly byType: Sources;
  /** Finds markets and groups of markets that match the words, by venue. */
  search(query: SearchQuery & { readonly signal: AbortSignal }): Promise<ReadonlyMap<string, VenueSearch>>;
  /** Requests each route of the given venues once and compares the answers with what the adapters expect. */
  probe(request: { readonly venues: readonly string[]; readonly signal: AbortSignal }): Promise<readonly ProbedRoute[]>;
  close(): Promise<void>;
}

/** Names of the venues that can be probed. */
export const probedVenues = (): readonly string[] => httpVenues().flatMap((venue) => (venue.probe === undefined ? [] : [venue.name]));

const isHttp = (venue: AnyVenue): venue is RunningVenue => 'hosts' in venue;
const httpVenues = (): readonly RunningVenue[] => loadedVenues().filter(isHttp);

/** The documented limits of venues, by family of routes: `<venue>/<family>`. */
export const limitsOf = (venues: readonly AnyVenue[] = loadedVenues()): Readonly<Record<string, RateLimit>> =>
  Object.fromEntries(
    venues.filter(isHttp).flatMap(({ name, limits }) => Object.entries(limits).map(([family, limit]) => [`${name}/${family}`, limit])),
  );

/** The limits that this installation uses: its share of the documented ones. */
export const limitsInUse = (env: Environment): Readonly<Record<string, RateLimit>> =>
  Object.fromEntries(Object.entries(limitsOf()).map(([family, limit]) => [family, shareOfLimit(limit, rateShareOf(env))]));

/** Creates the sources of all venues; one whose key is missing is skipped. @throws PredictLabError BadInput for an invalid variable */
export function createSources({ env, windows = createLocalWindows(), log, venues = loadedVenues() }: CreateSourcesOptions): SourceSet {
  const budget = createTokenPool({
    store: windows,
    limits: limitsOf(venues),
    share: rateShareOf(env),
    onPause: (family, waitMs) => log?.info('a venue makes all workers wait', { family, waitMs: Math.round(waitMs) }),
  });
  const opened: OpenVenue[] = [];
  const skipped = new Map<string, string>();
  for (const venue of venues.filter(isHttp)) {
    const { urls, key, options, missing } = venueSettings(venue, env);
    if (missing !== undefined) skipped.set(venue.name, missing);
    else {
      const [family = ''] = Object.keys(venue.limits);
      const several = Object.keys(urls).length > 1;
      const clients = Object.entries(urls).map(([host, baseUrl]) => {
        const client = new VenueClient({ venue: venue.name, family, baseUrl, budget, key, ...(several && { host }) });
        return [host, client] as const;
      });
      opened.push({ venue, clients: Object.fromEntries(clients), options });
    }
  }
  const byType = venues.map((venue): [string, AvailableSource] => {
    const open = opened.find((each) => each.venue === venue);
    if (open !== undefined) return [venue.name, { source: venueSource(open) }];
    return [venue.name, isHttp(venue) ? { skipped: skipped.get(venue.name) ?? '' } : { source: venue.source() }];
  });
  return {
    byType: Object.fromEntries(byType),
    async search({ signal, ...query }) {
      const searched = venues.filter(isHttp).filter((venue) => venue.search !== undefined);
      const found = searched.map(async (venue): Promise<[string, VenueSearch]> => {
        const open = opened.find((each) => each.venue === venue);
        if (open === undefined) return [venue.name, { skipped: skipped.get(venue.name) ?? '' }];
        if (query.tag !== undefined && venue.hasTags !== true)
          return [venue.name, { skipped: `${venue.name} is not searched: it has no tags` }];
        const hits = await venue.search?.(contextOf(open, newWork('live', signal)), query);
        return [venue.name, { hits: hits ?? [] }];
      });
      return new Map(await Promise.all(found));
    },
    async probe({ venues: names, signal }) {
      const probed = names.map(async (name): Promise<readonly ProbedRoute[]> => {
        const prober = createProber(name, signal);
        const open = opened.find(({ venue }) => venue.name === name);
        if (open === undefined) prober.skip({ route: '/', expects: 'a key' }, skipped.get(name) ?? `there is no venue ${name}`);
        return (open && (await probeVenue(open.venue, contextOf(open, newWork('live', signal)), prober))) ?? prober.routes;
      });
      return (await Promise.all(probed)).flat();
    },
    async close() {
      await Promise.all(opened.flatMap(({ clients }) => Object.values(clients).map((client) => client.close())));
    },
  };
}

interface VenueSettings {
  readonly urls: Readonly<Record<string, string>>;
  readonly key: { readonly header: string; readonly value: string; readonly environment: string } | undefined;
  readonly options: Readonly<Record<string, string>>;
  readonly missing: string | undefined;
}

/** Reads addresses, key and options of a venue. @throws PredictLabError BadInput that names the variable */
export function venueSettings({ name, title, hosts, key, options = {} }: RunningVenue, env: Environment): VenueSettings {
  const urls = Object.fromEntries(
    Object.entries(hosts as Venue['hosts']).map(([host, { variable, url }]) => [host, addressOf(env, variable, url)]),
  );
  const words = Object.entries(options).map(([variable, choices]) => [variable, choiceOf(env, variable, choices)]);
  const value = key === undefined ? undefined : env[key.variable]?.trim();
  const isOpen = key === undefined || Boolean(value) || Object.values(urls).every((url) => key.keyless?.includes(new URL(url).hostname));
  return {
    urls,
    key: key === undefined || !value ? undefined : { header: key.header, value, environment: key.variable },
    options: Object.fromEntries(words) as Record<string, string>,
    missing: isOpen
      ? undefined
      : `${name} is skipped: ${key.variable} is not set, and ${title} answers nothing without a key; ${key.remedy} and set ${key.variable}`,
  };
}

function addressOf(env: Environment, variable: string, usual: string): string {
  const text = env[variable]?.trim() || usual;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && (url.protocol === 'https:' || url.protocol === 'http:')) return text;
  throw badInput(`${variable}="${text}" is not a web address; write one such as ${usual}`);
}

/** Reads a variable whose value must be one of a few words. The first word is the default. */
function choiceOf(env: Environment, variable: string, choices: readonly [string, ...string[]]): string {
  const text = env[variable]?.trim() ?? '';
  if (text === '' || choices.includes(text)) return text || choices[0];
  throw badInput(`${variable}="${text}": write ${choices.join(' or ')}`);
}

/**
 * The share of the venues' published limits that this installation may use (`PREDICTLAB_RATE_SHARE`): below 1 leaves room for other
 * programs, above 1 is for a private venue.
 * @throws PredictLabError BadInput
 */
export function rateShareOf({ PREDICTLAB_RATE_SHARE: text }: Environment): number {
  if (text === undefined || text.trim() === '') return 1;
  const share = Number(text);
  if (Number.isFinite(share) && share > 0) return share;
  throw badInput(`PREDICTLAB_RATE_SHARE="${text}": write a number above 0, such as 0.5 for half of the published limits`);
}

/** Checks the environment of all venues before anything is opened. @throws PredictLabError BadInput that names the variable */
export function checkVenueSettings(env: Environment): void {
  rateShareOf(env);
  for (const venue of httpVenues()) venueSettings(venue, env);
}

export interface VenueEndpoint {
  readonly venue: string;
  readonly name: string;
  readonly variable: string;
  readonly url: string;
  readonly check: string;
  /** The reason why a required key is missing; undefined where none is required or one is set. */
  readonly missing: string | undefined;
}

/** All hosts of all venues. @throws PredictLabError BadInput for an invalid variable */
export const venueEndpoints = (env: Environment): readonly VenueEndpoint[] =>
  httpVenues().flatMap((venue) => {
    const { urls, missing } = venueSettings(venue, env);
    const hosts = Object.entries(venue.hosts as Venue['hosts']);
    return hosts.map(([host, { variable, check }]) => ({
      venue: venue.name,
      name: hosts.length === 1 ? venue.title : `${venue.title} ${host}`,
      variable,
      url: urls[host],
      check,
      missing,
    }));
  });

/** All environment variables of venues. */
export const venueVariables = (): readonly string[] =>
  httpVenues().flatMap(({ hosts, key, options = {} }) => [
    ...Object.values(hosts as Venue['hosts']).map(({ variable }) => variable),
    ...(key === undefined ? [] : [key.variable]),
    ...Object.keys(options as object),
  ]);

/** Keys of venues: their variable, and whether it is set. */
export const venueKeys = (env: Environment): readonly { readonly title: string; readonly variable: string; readonly isSet: boolean }[] =>
  httpVenues().flatMap((venue) =>
    venue.key === undefined ? [] : [{ title: venue.title, variable: venue.key.variable, isSet: Boolean(env[venue.key.variable]?.trim()) }],
  );

/**
 * Reads a quarantined row again from its original text.
 * @returns the row; undefined for a price point, which the next collection reads again, and for a line of a file
 */
export async function rereadRow(row: string, kind: TickKind, instrument: Instrument): Promise<ReadRow | undefined> {
  const venue = venueNamed(instrument.source);
  if (venue === undefined || !isHttp(venue) || kind !== 'trade') return undefined;
  try {
    return await venue.readTrade(JSON.parse(row), instrument);
  } catch {
    return undefined;
  }
}
