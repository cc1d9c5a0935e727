import { addMarket, hexId, type Market, type MarketDraft, type MarketGroup, type VenueName } from './market.ts';
import { chance } from './random.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** What the lists below are made from. */
export interface Offer {
  readonly seed: number;
  /** When the sandbox starts; UTC epoch milliseconds. */
  readonly start: number;
}

interface GroupDraft {
  readonly venue: VenueName;
  readonly id: number;
  readonly slug: string;
  readonly title: string;
  readonly tags?: readonly string[];
  readonly seriesSlug?: string;
  readonly variant?: MarketGroup['variant'];
  readonly negativeRisk?: boolean;
}

const group = (draft: GroupDraft): MarketGroup => ({
  tags: [],
  seriesSlug: null,
  variant: 'DEFAULT',
  negativeRisk: false,
  ...draft,
  markets: [],
});

type Standing = Omit<MarketDraft, 'opensAt' | 'closesAt' | 'number'>;

/** Builds a group whose markets opened two weeks ago and end either a month from now or the given hours before today. */
function standing(offer: Offer, draft: GroupDraft, markets: readonly Standing[], closedHoursBefore?: number): MarketGroup {
  const today = Math.floor(offer.start / DAY) * DAY;
  const made = group(draft);
  const closesAt = closedHoursBefore === undefined ? today + 30 * DAY : today - closedHoursBefore * HOUR;
  for (const [index, market] of markets.entries()) {
    addMarket(made, offer.seed, { ...market, number: draft.id * 10 + index + 1, opensAt: today - 14 * DAY, closesAt });
  }
  return made;
}

/** Condition ids of a Polymarket market's twin, by the key it was made with. */
const twin = (key: string): readonly string[] => [hexId(`polymarket/${key}`)];

interface Coin {
  readonly key: string;
  readonly name: string;
  readonly id: number;
  readonly thresholds: readonly (readonly [label: string, slug: string, baseLogit: number])[];
}

const COINS: readonly Coin[] = [
  {
    key: 'btc',
    name: 'Bitcoin',
    id: 101,
    thresholds: [
      ['$100,000', '100k', 0.9],
      ['$110,000', '110k', 0],
      ['$120,000', '120k', -1.1],
    ],
  },
  {
    key: 'eth',
    name: 'Ethereum',
    id: 102,
    thresholds: [
      ['$3,500', '3500', 1.1],
      ['$4,000', '4000', 0.1],
      ['$4,500', '4500', -0.9],
    ],
  },
  { key: 'sol', name: 'Solana', id: 103, thresholds: [['$200', '200', 0.2]] },
];

/** Price thresholds of each coin at both venues; the Predict.fun ones name their Polymarket twins. */
function coinGroups(offer: Offer): MarketGroup[] {
  return COINS.flatMap((coin) => {
    const slug = `${coin.name.toLowerCase()}-above-this-month`;
    const title = `${coin.name} above ___ this month?`;
    const market = (venue: VenueName, [label, price, baseLogit]: Coin['thresholds'][number]): Standing => ({
      key: `${coin.key}-${price}`,
      slug: `${coin.name.toLowerCase()}-above-${price}-this-month`,
      question: `Will the price of ${coin.name} be above ${label} this month?`,
      path: coin.key,
      baseLogit: venue === 'predict' ? baseLogit - 0.05 : baseLogit,
      fillsPerBlock: coin.key === 'btc' ? 7 : 5,
      twins: venue === 'predict' ? twin(`${coin.key}-${price}`) : [],
    });
    return (['polymarket', 'predict'] as const).map((venue) =>
      standing(
        offer,
        { venue, id: coin.id, slug, title, tags: ['crypto'] },
        coin.thresholds.map((threshold) => market(venue, threshold)),
      ),
    );
  });
}

function electionGroups(offer: Offer): MarketGroup[] {
  const candidates: readonly (readonly [key: string, name: string, baseLogit: number])[] = [
    ['alder', 'Ada Alder', 0.2],
    ['birch', 'Ben Birch', -0.6],
    ['cedar', 'Cleo Cedar', -2.2],
    ['elm', 'Eli Elm', -3.4],
  ];
  return (['polymarket', 'predict'] as const).map((venue) =>
    standing(
      offer,
      {
        venue,
        id: 201,
        slug: 'presidential-election-winner',
        title: 'Presidential election winner',
        tags: ['politics'],
        negativeRisk: true,
      },
      candidates.map(([key, name, baseLogit]) => ({
        key: `election-${key}`,
        slug: `will-${name.toLowerCase().replace(' ', '-')}-win-the-presidential-election`,
        question: `Will ${name} win the presidential election?`,
        decimals: 3,
        baseLogit,
        movement: 0.6,
        fillsPerBlock: 4,
        twins: venue === 'predict' ? twin(`election-${key}`) : [],
      })),
    ),
  );
}

function singleGroups(offer: Offer): MarketGroup[] {
  const sports = (venue: VenueName): MarketGroup =>
    standing(
      offer,
      {
        venue,
        id: 301,
        slug: 'league-final-harbor-north',
        title: 'League final: Harbor vs. North',
        tags: ['sports'],
        variant: 'SPORTS_MATCH',
      },
      [
        {
          key: 'league-final',
          slug: 'league-final-harbor-north',
          question: 'League final: Harbor vs. North',
          outcomes: ['Harbor', 'North'],
          fillsPerBlock: 4,
          twins: venue === 'predict' ? twin('league-final') : [],
        },
      ],
    );
  const rateCut = (venue: VenueName): MarketGroup =>
    standing(
      offer,
      { venue, id: 401, slug: 'rate-cut-at-the-last-meeting', title: 'Rate cut at the last meeting?', tags: ['economy'] },
      [
        {
          key: 'rate-cut',
          slug: 'rate-cut-at-the-last-meeting',
          question: 'Will the central bank cut rates at its last meeting?',
          decimals: 3,
          baseLogit: 0.4,
          fillsPerBlock: 5,
          settlement: { payout: 1 },
          twins: venue === 'predict' ? twin('rate-cut') : [],
        },
      ],
      36,
    );
  return [
    sports('polymarket'),
    sports('predict'),
    rateCut('polymarket'),
    rateCut('predict'),
    standing(
      offer,
      { venue: 'polymarket', id: 402, slug: 'match-abandoned', title: 'East vs. West (abandoned)', tags: ['sports'] },
      [
        {
          key: 'match-abandoned',
          slug: 'match-abandoned',
          question: 'East vs. West',
          outcomes: ['East', 'West'],
          fillsPerBlock: 4,
          settlement: { payout: 0.5, disputed: true },
        },
      ],
      60,
    ),
    standing(
      offer,
      { venue: 'polymarket', id: 403, slug: 'legacy-poll', title: 'Legacy poll', tags: ['politics'] },
      [{ key: 'legacy-poll', slug: 'legacy-poll', question: 'Will the poll close early?', fillsPerBlock: 3, settlement: { payout: null } }],
      84,
    ),
    standing(
      offer,
      { venue: 'predict', id: 404, slug: 'eth-updown-flat-day', title: 'ETH Up or Down', tags: ['crypto'], variant: 'CRYPTO_UP_DOWN' },
      [
        {
          key: 'eth-flat-day',
          slug: 'eth-updown-flat-day',
          question: 'ETH Up or Down',
          outcomes: ['Up', 'Down'],
          fillsPerBlock: 4,
          settlement: { payout: 0.5 },
        },
      ],
      12,
    ),
  ];
}

/** Every group that stands for weeks: prices, the election, the match and the resolved ones. */
export const standingGroups = (offer: Offer): MarketGroup[] => [...coinGroups(offer), ...electionGroups(offer), ...singleGroups(offer)];

/** A series of short markets, one after the other: `<slug>-<startUnix>`. */
export interface Series {
  readonly venue: VenueName;
  readonly slug: string;
  readonly title: string;
  readonly periodMs: number;
  readonly fillsPerMarket: number;
  readonly path: string;
  /** How far back the series goes from the start of the sandbox. */
  readonly depthMs: number;
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

/** The market of a series that starts at `from` (a multiple of the period), with its own group, as both venues have it. */
export function seriesMarket(series: Series, seed: number, from: number): Market {
  const slug = `${series.slug}-${from / 1000}`;
  const title = `${series.title} - ${new Date(from).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  // about one Predict.fun market in ten ends where it began: a push there
  const tie = series.venue === 'predict' && chance(seed, slug, 'tie') < 0.1;
  const made = group({
    venue: series.venue,
    id: Math.floor(from / 900_000) * 10 + (series.path === 'btc' ? 1 : 2),
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

/** Markets for a bench: all alike, in one event, each with exactly the wished number of trades in the week before the start. */
export function scaleGroup(offer: Offer, venue: VenueName, instruments: number, tradesPerInstrument: number): MarketGroup {
  const end = Math.floor(offer.start / HOUR) * HOUR;
  const made = group({ venue, id: 900, slug: 'scale', title: 'Scale' });
  for (let i = 1; i <= instruments; i++) {
    const key = `scale-${String(i).padStart(4, '0')}`;
    addMarket(made, offer.seed, {
      key,
      number: 900_000 + i,
      slug: key,
      question: `Scale market ${i}`,
      opensAt: end - 7 * DAY,
      closesAt: end,
      fillsPerBlock: 0,
      exactFills: tradesPerInstrument,
      settlement: null,
    });
  }
  return made;
}
