import { addMarket, hexId, type MarketDraft, type MarketGroup, type VenueName } from './market.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** The inputs from which the sandbox creates its markets. */
export interface Offer {
  readonly seed: number;
  /** When the sandbox starts; UTC epoch milliseconds. */
  readonly start: number;
  /** Days from the start to the end of the markets that are open then. @default 30 */
  readonly standingDays?: number;
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

/** Creates a group without markets. */
export const emptyGroup = (draft: GroupDraft): MarketGroup => ({
  tags: [],
  seriesSlug: null,
  variant: 'DEFAULT',
  negativeRisk: false,
  ...draft,
  markets: [],
});

type Standing = Omit<MarketDraft, 'opensAt' | 'closesAt' | 'number'>;

/** Creates a group whose markets opened two weeks ago and end either in `standingDays` days or the given hours before today. */
function standing(offer: Offer, draft: GroupDraft, markets: readonly Standing[], closedHoursBefore?: number): MarketGroup {
  const today = Math.floor(offer.start / DAY) * DAY;
  const made = emptyGroup(draft);
  const closesAt = closedHoursBefore === undefined ? today + (offer.standingDays ?? 30) * DAY : today - closedHoursBefore * HOUR;
  for (const [index, market] of markets.entries()) {
    addMarket(made, offer.seed, { ...market, number: draft.id * 10 + index + 1, opensAt: today - 14 * DAY, closesAt });
  }
  return made;
}

/** The condition id of a market's twin at Polymarket, as a list, by the key with which the twin was created. */
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

/** Groups of price thresholds of each coin at both venues; those of Predict.fun name their twins at Polymarket. */
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
      ...(venue === 'predict' && coin.key === 'sol' && { kalshiTicker: 'KXSOLMONTH-26DEC-T200' }),
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

/** Groups that are offered only when the options name them: special cases of the venues. */
export function namedGroups(offer: Offer): MarketGroup[] {
  const group = (venue: VenueName, id: number, slug: string, market: Partial<Standing>, closedHours?: number): MarketGroup =>
    standing(offer, { venue, id, slug, title: slug }, [{ key: slug, slug, question: slug, fillsPerBlock: 4, ...market }], closedHours);
  const today = Math.floor(offer.start / DAY) * DAY;
  const treaty = emptyGroup({ venue: 'polymarket', id: 505, slug: 'long-treaty', title: 'Will the treaty hold?' });
  addMarket(treaty, offer.seed, {
    key: 'long-treaty',
    number: 5051,
    slug: 'long-treaty',
    question: 'Will the treaty hold?',
    fillsPerBlock: 0.2,
    opensAt: today - 150 * DAY,
    closesAt: today - 30 * DAY,
    settlement: { payout: 1 },
  });
  return [
    group('polymarket', 501, 'second-protocol', { protocol: 'v2' }),
    group('polymarket', 502, 'second-protocol-over', { protocol: 'v2', settlement: { payout: 0 } }, 12),
    group('polymarket', 503, 'three-at-once', { protocol: 'v2', structure: '03' }),
    group('polymarket', 504, 'third-protocol', { protocol: 'v3' }),
    treaty,
    group('predict', 506, 'match-void', { settlement: { payout: 0.5, voided: true } }, 12),
    group('predict', 507, 'rate-vote', { settlement: { payout: 1 } }, 12),
  ];
}

/** The groups of Kalshi: rain that has traded for longer than its live routes go back, and Solana with twins at both other venues. */
function kalshiGroups(offer: Offer): MarketGroup[] {
  const today = Math.floor(offer.start / DAY) * DAY;
  const rain = emptyGroup({ venue: 'kalshi', id: 601, slug: 'KXRAINNYC-26DEC', title: 'Rain in New York City in December?' });
  for (const inches of [5, 8]) {
    const slug = `${rain.slug}-T${inches}`;
    const question = `Above ${inches} inches of rain in New York City in December?`;
    const times = { opensAt: today - 30 * DAY, closesAt: today + 20 * DAY };
    addMarket(rain, offer.seed, { key: slug, slug, question, number: 6010 + inches, fillsPerBlock: 6, ...times });
  }
  const question = 'Will the price of Solana be above $200 this month?';
  const solana = { key: 'sol-200', slug: 'KXSOLMONTH-26DEC-T200', question, path: 'sol', baseLogit: 0.15, fillsPerBlock: 5 };
  const cut = { key: 'rate-cut', slug: 'KXRATECUT-26-Y', question: 'Will the central bank cut rates at its last meeting?', baseLogit: 0.4 };
  return [
    rain,
    standing(offer, { venue: 'kalshi', id: 602, slug: 'KXSOLMONTH-26DEC', title: 'Solana this month' }, [solana]),
    standing(
      offer,
      { venue: 'kalshi', id: 603, slug: 'KXRATECUT-26', title: 'Rate cut' },
      [{ ...cut, fillsPerBlock: 5, settlement: { payout: 1 } }],
      36,
    ),
  ];
}

/** All groups whose markets last for weeks: coin prices, the election, the match and the resolved ones. */
export const standingGroups = (offer: Offer): MarketGroup[] => [
  ...coinGroups(offer),
  ...electionGroups(offer),
  ...singleGroups(offer),
  ...kalshiGroups(offer),
];
