import type { EarlierTerms, FeeSchedule, Instrument } from '../../contracts/market-data.ts';

/** The fees that a market charges now, and the fees that it charged before each change that the venue lists. */
export interface StatedFees {
  readonly fees: FeeSchedule | null;
  readonly earlier: readonly EarlierTerms[];
}

/** The earlier fees of each series, oldest first, each `until` a change. Fees before the first listed change are unknown. */
export function earlierFees(
  changes: readonly { readonly series: string | null; readonly from: number | null; readonly fees: FeeSchedule | null }[],
  now: number,
): ReadonlyMap<string | null, readonly EarlierTerms[]> {
  const happened = changes
    .filter((change): change is (typeof changes)[number] & { from: number } => change.from !== null && change.from <= now)
    .sort((a, b) => a.from - b.from);
  const terms = new Map<string | null, EarlierTerms[]>();
  const last = new Map<string | null, FeeSchedule | null>();
  for (const { series, from, fees } of happened) {
    const before = last.get(series);
    const listed = terms.get(series) ?? [];
    terms.set(series, listed);
    if (before !== undefined) listed.push({ until: from, fees: before, tickSize: null });
    last.set(series, fees);
  }
  return terms;
}

/** The present and earlier fees of a market. The venue may waive its fees until a time, which counts as a fee of 0. */
export function feeTerms(
  { fees, earlier }: StatedFees,
  {
    opensAt,
    waivedUntil: until,
    tickSize,
    now,
  }: { opensAt: number | null; waivedUntil: number | null; tickSize: number | null; now: number },
): Pick<Instrument, 'fees' | 'tickSize' | 'earlierTerms'> {
  const free = fees === null ? null : { ...fees, rate: 0 };
  const waivedUntil = free === null ? null : until;
  const isWaived = waivedUntil !== null && waivedUntil > now;
  if (isWaived) return { fees: free, tickSize };
  const later = earlier.filter((term) => term.until > Math.max(opensAt ?? 0, waivedUntil ?? 0));
  const terms = waivedUntil === null ? later : [{ until: waivedUntil, fees: free }, ...later];
  return { fees, tickSize, ...(terms.length > 0 && { earlierTerms: terms.map((term) => ({ ...term, tickSize })) }) };
}
