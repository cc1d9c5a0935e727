import { clobApi } from './clob.ts';
import { controlAnswer } from './control.ts';
import { dataApi } from './data.ts';
import { FaultDeck, type Faults } from './faults.ts';
import { gammaApi } from './gamma.ts';
import { kalshiApi } from './kalshi.ts';
import { Markets, type ScaleOptions } from './markets.ts';
import { predictApi } from './predict.ts';
import type { LoggedRequest } from './request-log.ts';
import type { WholeVenue } from './scale.ts';
import { listen } from './server.ts';
import { TradePages } from './trade-pages.ts';
import { type Tape, Tapes } from './trade-tape.ts';
import { Truth } from './truth.ts';
import type { World } from './world.ts';

export interface SandboxOptions {
  /** Port of the server. @default 0, a free port */
  readonly port?: number;
  /** Seed of all generated data. @default 7 */
  readonly seed?: number;
  /** A frozen clock (UTC epoch milliseconds) or a running one. @default the real clock */
  readonly now?: number | (() => number);
  /** Slugs of the events, categories and series to offer. @default all */
  readonly markets?: readonly string[];
  /** The key that Predict.fun's routes require. @default "sandbox-key" */
  readonly apiKey?: string;
  /** Days from the start after which the long-lived open markets close. @default 30 */
  readonly standingDays?: number;
  /** Offers this many equal markets instead, for benchmarks. */
  readonly scale?: ScaleOptions;
  /** Offers a whole venue at Polymarket instead, whose stated volumes are those of the trades. */
  readonly wholeVenue?: WholeVenue;
  /** States the volumes of the trades, in listings and hourly candlesticks. @default only those of a whole venue */
  readonly statesVolumes?: boolean;
  readonly faults?: Faults;
  /** Whether requests beyond the venues' published limits are answered with 429. @default false */
  readonly enforceLimits?: boolean;
}

export interface SandboxVenue {
  readonly url: string;
  /** Environment variables with which PredictLab uses this venue. */
  readonly environment: Readonly<Record<string, string>>;
  readonly truth: Truth;
  /** All requests so far, oldest first; set `length = 0` to clear them. */
  readonly requests: LoggedRequest[];
  /** The sandbox's clock; UTC epoch milliseconds. */
  now(): number;
  faults(): Faults;
  /** Replaces all faults and draws the late rows again. */
  setFaults(faults: Faults): void;
  /** Inserts trades among an instrument's newest ones, like a venue that indexes some blocks late. */
  addLateTrades(instrument: string, count: number): void;
  /**
   * Changes price and size of an instrument's newest trades in `[from, to]` (epoch milliseconds), like a venue that corrects its history.
   *
   * @returns the number of changed trades
   */
  reviseTrades(instrument: string, which: { readonly from: number; readonly to: number; readonly count: number }): number;
  /** Changes the last price points before a time (epoch milliseconds) on the grid of minutes by 0.02. */
  revisePoints(instrument: string, which: { readonly to: number; readonly count: number }): void;
  close(): Promise<void>;
}

/** Number of tapes kept in memory when a benchmark offers more trades than fit. */
const KEPT_AT_SCALE = 64;

/**
 * Starts a venue that serves the read routes of Polymarket, Predict.fun and Kalshi with generated markets. The same seed and clock give the same
 * bytes.
 *
 * @example
 * const venue = await startSandboxVenue({ seed: 7, now: Date.UTC(2026, 5, 1), faults: { unavailable: 0.1 } });
 * Object.assign(process.env, venue.environment);
 */
export async function startSandboxVenue(options: SandboxOptions = {}): Promise<SandboxVenue> {
  const { seed = 7, apiKey = 'sandbox-key' } = options;
  const now = clockOf(options.now);
  const deck = new FaultDeck(seed, options.faults ?? {});
  const markets = new Markets({
    seed,
    start: now(),
    ...(options.standingDays === undefined ? {} : { standingDays: options.standingDays }),
    ...(options.markets ? { only: options.markets } : {}),
    ...(options.scale ? { scale: options.scale } : {}),
    ...(options.wholeVenue ? { wholeVenue: options.wholeVenue } : {}),
  });
  const tapes = new Tapes(options.scale ? KEPT_AT_SCALE : Infinity);
  const world: World = {
    markets,
    tapes,
    deck,
    pages: new TradePages(tapes, () => deck.faults),
    corrected: new Map(),
    ...((options.wholeVenue ?? options.statesVolumes) && { statesVolumes: true }),
  };
  const requests: LoggedRequest[] = [];
  const tapeOf = (instrument: string): Tape => {
    const market = markets.instrument(instrument, now());
    if (market === undefined) throw new Error(`the sandbox has no instrument ${instrument}; see truth.instruments()`);
    return tapes.of(market);
  };
  const { server, url } = await listen({
    port: options.port ?? 0,
    world,
    apis: { gamma: gammaApi(world), clob: clobApi(world), data: dataApi(world), predict: predictApi(world), kalshi: kalshiApi(world) },
    now,
    apiKey,
    enforceLimits: options.enforceLimits ?? false,
    requests,
    control: (request, path, query) => controlAnswer(() => venue, request, path, query),
  });
  const venue: SandboxVenue = {
    url,
    environment: {
      POLYMARKET_GAMMA_URL: `${url}/polymarket/gamma`,
      POLYMARKET_CLOB_URL: `${url}/polymarket/clob`,
      POLYMARKET_DATA_URL: `${url}/polymarket/data`,
      PREDICT_API_URL: `${url}/predict`,
      PREDICT_API_KEY: apiKey,
      KALSHI_API_URL: `${url}/kalshi`,
    },
    truth: new Truth(world, now),
    requests,
    now,
    faults: () => deck.faults,
    setFaults: (faults) => {
      deck.set(faults);
      world.pages.reset();
    },
    addLateTrades: (instrument, count) => void tapeOf(instrument).addLate(now(), count),
    reviseTrades: (instrument, which) => tapeOf(instrument).revise(now(), which),
    revisePoints: (instrument, { to, count }) => {
      const corrected = world.corrected.get(instrument) ?? new Map<number, number>();
      world.corrected.set(instrument, corrected);
      for (const { time, price } of venue.truth.points(instrument, { from: to - count * 60_000, to, bucketSeconds: 60 }))
        if (time % 60 === 0) corrected.set(time, Number((price > 0.5 ? price - 0.02 : price + 0.02).toFixed(6)));
    },
    close: () =>
      new Promise<void>((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
  return venue;
}

function clockOf(now: SandboxOptions['now']): () => number {
  if (typeof now === 'function') return now;
  return now === undefined ? Date.now : () => now;
}
