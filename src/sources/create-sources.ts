import { createLocalWindows } from '../budget/local-windows.ts';
import { createTokenPool, type WindowStore } from '../budget/token-pool.ts';
import { createFileSource } from './file/file-source.ts';
import { VenueClient } from './http/venue-client.ts';
import { searchPolymarket, searchPolymarketTag } from './polymarket/catalogue/search.ts';
import { createPolymarketSource } from './polymarket/polymarket-source.ts';
import { probePolymarket } from './polymarket/probe.ts';
import { createPredictSource } from './predict/predict-source.ts';
import { probePredict } from './predict/probe.ts';
import { searchPredict } from './predict/search.ts';
import type { ProbedRoute } from './probe/judge-answer.ts';
import { createProber } from './probe/prober.ts';
import { readSourceSettings, type SourceSettings } from './settings.ts';
import type { SearchHit, Sources } from './source.ts';

export interface CreateSourcesOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Store of the rate budgets, which several workers can share. @default a store of this process alone */
  readonly windows?: WindowStore;
  readonly log?: { info(message: string, fields?: Record<string, unknown>): void };
}

/** The hits of a search at one venue, or the reason why that venue was not searched. */
export type VenueSearch = { readonly hits: readonly SearchHit[] } | { readonly skipped: string };

export interface SearchQuery {
  readonly text: string;
  /** Restricts the search to events with this tag; only Polymarket has tags. */
  readonly tag?: string;
  readonly signal: AbortSignal;
}

/** All sources with their connections, which stay open until `close`. */
export interface SourceSet {
  readonly byType: Sources;
  /** Markets and groups of markets whose words match, by venue. */
  search(query: SearchQuery): Promise<{ readonly polymarket: VenueSearch; readonly predict: VenueSearch }>;
  /** Requests each route of the given venues once and compares the answers with the expectations of the adapters. */
  probe(request: { readonly venues: readonly ProbedVenue[]; readonly signal: AbortSignal }): Promise<readonly ProbedRoute[]>;
  close(): Promise<void>;
}

/** Venues that can be probed. */
export const PROBED_VENUES = ['polymarket', 'predict'] as const;
export type ProbedVenue = (typeof PROBED_VENUES)[number];

/** The reason why Predict.fun is skipped; the run continues without it. */
export const NO_PREDICT_KEY =
  'predict is skipped: PREDICT_API_KEY is not set, and Predict.fun answers nothing without a key; get one in its developer console and set PREDICT_API_KEY';

/** Host of Predict.fun's test network, which needs no key. */
const PREDICT_TESTNET = 'api-testnet.predict.fun';

/** Creates all sources that the environment allows. @throws PredictLabError BadInput for an invalid variable */
export function createSources({ env, windows = createLocalWindows(), log }: CreateSourcesOptions): SourceSet {
  const settings: SourceSettings = readSourceSettings(env);
  const budget = createTokenPool({
    store: windows,
    share: settings.rateShare,
    onPause: (family, waitMs) => log?.info('a venue makes all workers wait', { family, waitMs: Math.round(waitMs) }),
  });
  const clients: VenueClient[] = [];
  const client = (options: Pick<ConstructorParameters<typeof VenueClient>[0], 'venue' | 'host' | 'baseUrl' | 'key'>): VenueClient => {
    const opened = new VenueClient({ ...options, budget });
    clients.push(opened);
    return opened;
  };
  const { gammaUrl, clobUrl, dataUrl, tradesRoute, pricePoints } = settings.polymarket;
  const api = {
    gamma: client({ venue: 'polymarket', host: 'gamma', baseUrl: gammaUrl }),
    clob: client({ venue: 'polymarket', host: 'clob', baseUrl: clobUrl }),
    data: client({ venue: 'polymarket', host: 'data', baseUrl: dataUrl }),
  };
  const { url, apiKey } = settings.predict;
  const key = apiKey === undefined ? {} : { key: { header: 'x-api-key', value: apiKey, environment: 'PREDICT_API_KEY' } };
  const isOpen = apiKey !== undefined || new URL(url).hostname === PREDICT_TESTNET;
  const predict = isOpen ? client({ venue: 'predict', baseUrl: url, ...key }) : undefined;

  return {
    byType: {
      polymarket: { source: createPolymarketSource(api, { tradesRoute, pricePoints }) },
      predict: predict === undefined ? { skipped: NO_PREDICT_KEY } : { source: createPredictSource(predict) },
      file: { source: createFileSource() },
    },
    async search({ text, tag, signal }) {
      if (tag !== undefined) {
        return {
          polymarket: { hits: await searchPolymarketTag(api.gamma, tag, text, signal) },
          predict: { skipped: "predict is not searched: tags are Polymarket's" },
        };
      }
      const [polymarket, found] = await Promise.all([
        searchPolymarket(api.gamma, text, signal),
        predict === undefined ? undefined : searchPredict(predict, text, signal),
      ]);
      return { polymarket: { hits: polymarket }, predict: found === undefined ? { skipped: NO_PREDICT_KEY } : { hits: found } };
    },
    async probe({ venues, signal }) {
      const probes: Readonly<Record<ProbedVenue, () => Promise<readonly ProbedRoute[]>>> = {
        polymarket: () => probePolymarket(api, { tradesRoute, signal }),
        predict: async () => (predict === undefined ? notProbed(NO_PREDICT_KEY) : await probePredict(predict, signal)),
      };
      return (await Promise.all(venues.map((venue) => probes[venue]()))).flat();
    },
    async close() {
      await Promise.all(clients.map((each) => each.close()));
    },
  };
}

/** The result for a venue that is not probed: one route with the reason. */
function notProbed(why: string): readonly ProbedRoute[] {
  const prober = createProber('predict', new AbortController().signal);
  prober.skip({ route: '/v1', expects: 'a key' }, why);
  return prober.routes;
}
