import type { CatalogueEntry } from '../../contracts/catalogue.ts';
import { DEFAULT_PRIORITY } from '../../contracts/words.ts';
import { type Queryable, withinTransaction } from '../database/database.ts';
import { importSymbols, listSymbols, type SymbolName, symbolNames } from './catalogue.ts';

/** Stores the shipped catalogue in a new database, so that a first run with `{}` has symbols. An imported or emptied catalogue stays. */
export async function ensureCatalogue(queryable: Queryable): Promise<void> {
  await withinTransaction(queryable, async (transaction) => {
    const { rows } = await transaction.query<{ started: boolean }>('select is_called as started from catalogue_started');
    if (!rows[0].started) await importSymbols(transaction, DEFAULT_CATALOGUE);
  });
}

/** The catalogue; a new database gets the shipped one. Writes nothing when a catalogue exists, so that a read-only role can list it. */
export async function currentCatalogue(queryable: Queryable): Promise<readonly CatalogueEntry[]> {
  const entries = await listSymbols(queryable);
  if (entries.length > 0) return entries;
  await ensureCatalogue(queryable);
  return await listSymbols(queryable);
}

type Names = readonly SymbolName[];

/** The symbol names of a new database, for commands that run before a database exists. */
export const shippedNames = (): Names =>
  shippedCatalogue().map(({ symbol, enabled, priority, sources }) => ({
    symbol,
    enabled,
    priority,
    sourceTypes: Object.keys(sources).filter((source) => sources[source].length > 0),
  }));

/** The shipped catalogue, in the order in which a database lists it. */
export const shippedCatalogue = (): readonly CatalogueEntry[] =>
  DEFAULT_CATALOGUE.toSorted((one, other) => (one.symbol < other.symbol ? -1 : 1));

/** Symbol names against which a run's input is checked: those in its field `symbols` if all of them exist, else all names. */
export async function namesFor(queryable: Queryable, symbols: unknown): Promise<Names> {
  if (Array.isArray(symbols)) {
    const asked = new Set(symbols.filter((symbol): symbol is string => typeof symbol === 'string'));
    const known = asked.size === 0 ? [] : await symbolNames(queryable, [...asked]);
    if (asked.size === new Set(symbols).size && known.filter(({ symbol }) => asked.has(symbol)).length === asked.size) return known;
  }
  // All names are needed, because the input names no symbols, or because the error for an unknown one suggests similar names.
  return await catalogueNames(queryable);
}

/** Names in the catalogue; a new database has the shipped one. */
export async function catalogueNames(queryable: Queryable): Promise<Names> {
  const names = await symbolNames(queryable);
  if (names.length > 0) return names;
  await ensureCatalogue(queryable);
  return await symbolNames(queryable);
}

type Selectors = CatalogueEntry['sources'][string];

interface Topic {
  readonly symbol: string;
  readonly title: string;
  readonly priority?: number;
  readonly enabled?: boolean;
  readonly polymarket?: Selectors;
  readonly predict?: Selectors;
}

const entry = ({ symbol, title, priority = DEFAULT_PRIORITY, enabled = true, polymarket, predict }: Topic): CatalogueEntry => ({
  symbol,
  title,
  enabled,
  priority,
  sources: { ...(polymarket && { polymarket }), ...(predict && { predict }) },
});

/**
 * The shipped catalogue, which `symbols import` without a file imports. Of the series that open a market every few minutes only SOL_PRICE is
 * enabled, since they need many requests; topics whose slugs no recorded response confirmed (docs/sources.md) are disabled too.
 */
export const DEFAULT_CATALOGUE: readonly CatalogueEntry[] = [
  {
    symbol: 'BTC_PRICE',
    title: 'What price will Bitcoin hit?',
    priority: 1,
    polymarket: [{ eventSlug: 'what-price-will-bitcoin-hit-before-2027' }],
    predict: [{ seriesSlug: 'btc-updown-15m' }],
  },
  {
    symbol: 'ETH_PRICE',
    title: 'What price will Ethereum hit?',
    priority: 1,
    polymarket: [{ eventSlug: 'what-price-will-ethereum-hit-before-2027' }],
    predict: [{ seriesSlug: 'eth-updown-15m' }],
  },
  { symbol: 'SOL_PRICE', title: 'Solana up or down, every 15 minutes', priority: 2, polymarket: [{ seriesSlug: 'sol-updown-15m' }] },
  {
    symbol: 'BTC_UPDOWN_15M',
    title: 'Bitcoin up or down, every 15 minutes',
    enabled: false,
    polymarket: [{ seriesSlug: 'btc-updown-15m' }],
  },
  { symbol: 'BTC_UPDOWN_5M', title: 'Bitcoin up or down, every 5 minutes', enabled: false, polymarket: [{ seriesSlug: 'btc-updown-5m' }] },
  {
    symbol: 'ETH_UPDOWN_15M',
    title: 'Ethereum up or down, every 15 minutes',
    enabled: false,
    polymarket: [{ seriesSlug: 'eth-updown-15m' }],
  },
  { symbol: 'XRP_UPDOWN_5M', title: 'XRP up or down, every 5 minutes', enabled: false, polymarket: [{ seriesSlug: 'xrp-updown-5m' }] },
  { symbol: 'BEFORE_GTA_VI', title: 'What will happen before GTA VI?', polymarket: [{ eventSlug: 'what-will-happen-before-gta-vi' }] },
  {
    symbol: 'XI_OUT_2027',
    title: 'Xi Jinping out before 2027?',
    polymarket: [{ conditionId: '0xa467b14d51f01b957109d9cbb1d6c124fab2a089d52ed8f471d23c2812e743b7' }],
  },
  ...(
    [
      ['NEWSOM', 'Gavin Newsom', '0x0f49db97f71c68b1e42a6d16e3de93d85dbf7d4148e3f018eb79e88554be9f75'],
      ['OCASIO_CORTEZ', 'Alexandria Ocasio-Cortez', '0xe6bcc2f1dd025ce5e1833190f7c60a71171c94f805df55b9ab0ded695ec93565'],
      ['BUTTIGIEG', 'Pete Buttigieg', '0x4c325469d9b516ef4e6b8f73a81a12607dec075e3c2fd454f91765aaeafc4760'],
      ['SHAPIRO', 'Josh Shapiro', '0xd65891729ce093cc12236856837eba1a0872fc7998fd4294c21346f7db68079c'],
      ['HARRIS', 'Kamala Harris', '0x909659c9436228e2be56d5582ba6188166f2f8bf3c596335512c8f2e380d01ec'],
      ['OSSOFF', 'Jon Ossoff', '0x74dba1ce1ae9dd535414e85f2d9ab5ea32c0fb1acc9b7130b67e6d91217e24e1'],
      ['PRITZKER', 'J.B. Pritzker', '0xe883f2fda25a605a184bb5fe583afce6cc21ea0b348b6a3728ec3067553c548d'],
      ['BESHEAR', 'Andy Beshear', '0x1d519b87999e3d4e90e1e8f57b5eee73a0ba488ff3fdb70867f294733aba84a9'],
    ] as const
  ).map(([name, person, conditionId]) => ({
    symbol: `DEM_2028_${name}`,
    title: `Will ${person} win the 2028 Democratic presidential nomination?`,
    polymarket: [{ conditionId }],
  })),
  {
    symbol: 'DEM_NOMINEE_2028',
    title: 'Democratic presidential nominee 2028, every candidate',
    priority: 4,
    enabled: false,
    polymarket: [{ eventSlug: 'democratic-presidential-nominee-2028' }],
  },
  {
    symbol: 'PRESIDENT_2028',
    title: 'US presidential election winner 2028, every candidate',
    priority: 4,
    enabled: false,
    polymarket: [{ eventSlug: 'presidential-election-winner-2028' }],
  },
].map(entry);
