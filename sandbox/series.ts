import { addMarket, type Market, type VenueName } from './market.ts';
import { emptyGroup } from './market-groups.ts';
import { chance } from './random.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A series of consecutive short markets with slugs of the form `<slug>-<startUnix>`. */
export interface Series {
  readonly venue: VenueName;
  readonly slug: string;
  readonly title: string;
  readonly periodMs: number;
  readonly fillsPerMarket: number;
  readonly path: string;
  /** Time before the start of the sandbox at which the series starts, in milliseconds. */
  readonly depthMs: number;
  /** Whether the series is offered only when the options name it. @default false */
  readonly onlyNamed?: boolean;
}

export const SERIES: readonly Series[] = [
  {
    venue: 'polymarket',
    slug: 'btc-updown-1h',
    title: 'Bitcoin Up or Down',
    periodMs: HOUR,
    fillsPerMarket: 60,
    path: 'btc',
    depthMs: 2 * DAY,
  },
  {
    venue: 'polymarket',
    slug: 'btc-updown-4h',
    title: 'Bitcoin Up or Down',
    periodMs: 4 * HOUR,
    fillsPerMarket: 60,
    path: 'btc',
    depthMs: 2 * DAY,
    onlyNamed: true,
  },
  {
    venue: 'polymarket',
    slug: 'eth-updown-15m',
    title: 'Ethereum Up or Down',
    periodMs: HOUR / 4,
    fillsPerMarket: 40,
    path: 'eth',
    depthMs: DAY / 2,
  },
  {
    venue: 'predict',
    slug: 'eth-updown-15m',
    title: 'ETH Up or Down',
    periodMs: HOUR / 4,
    fillsPerMarket: 25,
    path: 'eth',
    depthMs: DAY / 4,
  },
];

/** Creates the market of a series that starts at `from` (a multiple of the period), in its own group, as at both venues. */
export function seriesMarket(series: Series, seed: number, from: number): Market {
  const slug = `${series.slug}-${from / 1000}`;
  const title = `${series.title} - ${new Date(from).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  // about one Predict.fun market in ten ends at its start price, which is a push there
  const tie = series.venue === 'predict' && chance(seed, slug, 'tie') < 0.1;
  const made = emptyGroup({
    venue: series.venue,
    id: Math.floor(from / 900_000) * 10 + (series.path !== 'btc' ? 2 : series.periodMs === HOUR ? 1 : 3),
    slug,
    title,
    tags: ['crypto', 'up-or-down'],
    seriesSlug: series.slug,
    variant: 'CRYPTO_UP_DOWN',
  });
  return addMarket(made, seed, {
    key: slug,
    number: made.id,
    slug,
    question: title,
    outcomes: ['Up', 'Down'],
    opensAt: from,
    closesAt: from + series.periodMs,
    settlement: { payout: tie ? 0.5 : chance(seed, slug, 'up') < 0.5 ? 1 : 0 },
    path: series.path,
    blockMs: HOUR / 4,
    fillsPerBlock: series.fillsPerMarket / (series.periodMs / (HOUR / 4)),
  });
}
