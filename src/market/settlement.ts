import type { Instrument, MarketSettlement, Resolution, SettlementSign } from '../contracts/market-data.ts';

/** Where a sign comes from: two signs of one origin count once. A market's last prices follow its last trades. */
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

/** An unsure sign of another kind than the record only supports: where the venue states something else, it says nothing. */
const isSupport = ({ sign, unsure }: SettlementSign): boolean => unsure === true && sign !== 'record';

/**
 * What the signs of a closed market come to. The result is final where two signs of different origins agree and the venue does not call
 * it open; a status alone confirms only a sign that is sure of its number. The owner of a file needs no second sign.
 *
 * @param none what to say where no sign names a payout
 */
export function settleBySigns(signs: readonly SettlementSign[], none = 'no sign names a payout'): MarketSettlement {
  const named = signs.filter(({ payout }) => payout !== null);
  const firm = named.filter((sign) => !isSupport(sign));
  const payout = firm[0]?.payout ?? null;
  // while nothing names a payout a support may still be needed
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
  // either of a status and a record may be the older one, so one that is open is enough
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

/** The resolution that a settlement allows. @param at when the result became known, where the venue says so */
export const resolutionFrom = ({ state, payout, missing }: MarketSettlement, at: number | null): Resolution =>
  state === 'final' && payout !== null
    ? { kind: 'settled', payout, at }
    : { kind: 'unresolved', reason: payout === null ? (missing ?? 'without a result') : `proposed at ${payout}: ${missing}` };

/** The facts of a closed market's result. */
export type Ending = Pick<Instrument, 'resolution' | 'settlement'>;

/** How a closed market ended by its signs. */
export const endingOf = (signs: readonly SettlementSign[], at: number | null, none?: string): Ending => {
  const settlement = settleBySigns(signs, none);
  return { resolution: resolutionFrom(settlement, at), settlement };
};

/** A closed market with one more sign; one that is final, or open, stays as it is. */
export function withSign<Market extends Ending>(market: Market, sign: SettlementSign, at: number | null): Market {
  const { settlement, resolution } = market;
  if (settlement === undefined || settlement.state === 'final' || resolution.kind === 'open') return market;
  return { ...market, ...endingOf([...settlement.signs, sign], at, settlement.payout === null ? settlement.missing : undefined) };
}

/**
 * Lets the same market at another venue confirm a result that has one sign only. Names of the outcomes say which way round the two
 * venues have it; where they differ, the twin says nothing.
 *
 * @param others every market that is known, of any venue
 */
export function confirmByTwins(market: Instrument, others: readonly Instrument[]): Instrument {
  if (market.settlement === undefined || market.settlement.state === 'final') return market;
  const twins = others.filter(
    ({ id, source, twins }) => source !== market.source && (market.twins.includes(id) || twins.includes(market.id)),
  );
  return twins.reduce((settled, twin) => {
    const sign = twinSign(settled, twin);
    return sign === undefined ? settled : withSign(settled, sign, null);
  }, market);
}

function twinSign(market: Instrument, twin: Instrument): SettlementSign | undefined {
  // what the twin knows by itself, or two markets would confirm each other out of one sign
  const own = settleBySigns(twin.settlement?.signs.filter(({ sign }) => sign !== 'twin') ?? []);
  if (own.payout === null || own.signs.some(({ pending }) => pending === true)) return undefined;
  const names = (outcomes: readonly string[]): string => outcomes.map((name) => name.trim().toLowerCase()).join('/');
  const isSame = names(twin.outcomes) === names(market.outcomes);
  const isReversed = names([...twin.outcomes].reverse()) === names(market.outcomes);
  if (isSame === isReversed) return undefined;
  return { sign: 'twin', payout: isSame ? own.payout : 1 - own.payout, said: `${twin.id} ${own.payout}` };
}

/** The same result with the two outcomes exchanged. */
export const reversedSettlement = (settlement: MarketSettlement): MarketSettlement => ({
  ...settlement,
  payout: settlement.payout === null ? null : 1 - settlement.payout,
  signs: settlement.signs.map((sign) => ({ ...sign, payout: sign.payout === null ? null : 1 - sign.payout })),
});
