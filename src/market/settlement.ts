import type { Instrument, MarketSettlement, Resolution, SettlementSign } from '../contracts/market-data.ts';

/** Origin of each sign of a result; two signs of one origin count once. A market's last prices follow from its last trades: one origin. */
const ORIGIN: Readonly<Record<SettlementSign['sign'], string>> = {
  status: 'status',
  finalPrice: 'prices',
  lastTrade: 'prices',
  record: 'record',
  result: 'result',
  priceRule: 'rule',
  twin: 'twin',
  owner: 'owner',
};

/** Whether a sign only supports others: it is unsure and not a resolution record. It is ignored if a surer sign names another payout. */
const isSupport = ({ sign, unsure }: SettlementSign): boolean => unsure === true && sign !== 'record';

/**
 * Settlement of a closed market by its signs (statements about the result): final if two signs of different origins agree and the venue
 * does not call the result open. A status confirms only a sign whose payout is sure. What a file's owner states needs no second sign.
 * @param none the reason to report where no sign names a payout
 */
export function settleBySigns(signs: readonly SettlementSign[], none = 'no sign names a payout'): MarketSettlement {
  const named = signs.filter(({ payout }) => payout !== null);
  const firm = named.filter((sign) => !isSupport(sign));
  const payout = firm[0]?.payout ?? null;
  // where no surer sign names a payout, the supporting signs are kept, since a later one may confirm them
  const kept = payout === null ? signs : signs.filter((sign) => !isSupport(sign) || sign.payout === payout);
  const open = (missing: string, agreed: number | null = payout): MarketSettlement => ({
    payout: agreed,
    signs: kept,
    state: 'proposed',
    missing,
  });
  if (payout === null) return open(signs.find(({ pending }) => pending === true) === undefined ? none : pendingWords(signs), null);
  if (firm.some((sign) => sign.payout !== payout))
    return open(`its signs contradict each other (${firm.map(({ sign, said }) => `${sign} ${said}`).join(', ')})`, null);
  // a status and a record can be outdated, so one open sign keeps the result open
  if (signs.some(({ pending }) => pending === true)) return open(pendingWords(signs));
  const agreeing = kept.filter((sign) => sign.payout !== null);
  const origins = new Set(agreeing.map(({ sign }) => ORIGIN[sign]));
  const confirmed = kept.some(({ sign, pending }) => sign === 'status' && pending !== true) && firm.some(({ unsure }) => unsure !== true);
  if (origins.has('owner') || origins.size + (confirmed ? 1 : 0) >= 2) return { payout, signs: kept, state: 'final' };
  const [only] = agreeing;
  return open(`only ${only.sign} says so (${only.said}); a second, independent sign is missing`);
}

const pendingWords = (signs: readonly SettlementSign[]): string => {
  const words = signs.flatMap(({ pending, said }) => (pending === true ? [said.toLowerCase()] : []));
  return `the result is ${[...new Set(words)].join(', ')}, not final`;
};

/** The resolution that a settlement gives. @param at time when the result became known; null where the venue does not state it */
export const resolutionFrom = ({ state, payout, missing }: MarketSettlement, at: number | null): Resolution =>
  state === 'final' && payout !== null
    ? { kind: 'settled', payout, at }
    : { kind: 'unresolved', reason: payout === null ? (missing ?? 'without a result') : `proposed at ${payout}: ${missing}` };

export type Ending = Pick<Instrument, 'resolution' | 'settlement'>;

/** The settlement and the resolution of a closed market that follow from its signs. */
export const endingOf = (signs: readonly SettlementSign[], at: number | null, none?: string): Ending => {
  const settlement = settleBySigns(signs, none);
  return { resolution: resolutionFrom(settlement, at), settlement };
};

/** Adds a sign to a closed market; a final or open market stays unchanged. */
export function withSign<Market extends Ending>(market: Market, sign: SettlementSign, at: number | null): Market {
  const { settlement, resolution } = market;
  if (settlement === undefined || settlement.state === 'final' || resolution.kind === 'open') return market;
  return { ...market, ...endingOf([...settlement.signs, sign], at, settlement.payout === null ? settlement.missing : undefined) };
}

/**
 * Adds the result of the same market at another venue (its twin) as a sign, where the result is not final yet. The names of the outcomes
 * show whether both venues list them in the same order; a twin with other names is ignored.
 * @param others all known markets of all venues
 */
export function confirmByTwins(market: Instrument, others: readonly Instrument[]): Instrument {
  const twins = others.filter(
    ({ id, source, twins }) => source !== market.source && (market.twins.includes(id) || twins.includes(market.id)),
  );
  return twins.reduce((settled, twin) => {
    const sign = twinSign(settled, twin);
    return sign === undefined ? settled : withSign(settled, sign, null);
  }, market);
}

function twinSign(market: Instrument, twin: Instrument): SettlementSign | undefined {
  // only the twin's own signs count, otherwise two markets would confirm each other with one sign
  const own = settleBySigns(twin.settlement?.signs.filter(({ sign }) => sign !== 'twin') ?? []);
  if (own.payout === null || own.signs.some(({ pending }) => pending === true)) return undefined;
  const names = (outcomes: readonly string[]): string => outcomes.map((name) => name.trim().toLowerCase()).join('/');
  const isSame = names(twin.outcomes) === names(market.outcomes);
  const isReversed = names([...twin.outcomes].reverse()) === names(market.outcomes);
  if (isSame === isReversed) return undefined;
  return { sign: 'twin', payout: isSame ? own.payout : 1 - own.payout, said: `${twin.id} ${own.payout}` };
}

/** The same settlement with the two outcomes exchanged. */
export const reversedSettlement = (settlement: MarketSettlement): MarketSettlement => ({
  ...settlement,
  payout: settlement.payout === null ? null : 1 - settlement.payout,
  signs: settlement.signs.map((sign) => ({ ...sign, payout: sign.payout === null ? null : 1 - sign.payout })),
});
