import { type CandleSeries, cutCandles } from '../engine/candle-series.ts';
import { type DecisionLog, HOLD, ORDER } from '../engine/decision-log.ts';
import { type DecisionInput, decisionsOf } from '../engine/decisions.ts';
import type { Market } from '../engine/market.ts';
import type { IndicatorCache } from '../engine/window/series-view.ts';
import { type TwinSeries, twinBarsKnown } from '../engine/window/twin-bars.ts';
import { seededRandom } from '../seeded-random.ts';
import type { Order } from '../strategy.ts';

/** What re-running a strategy without its future showed. */
export interface LookAheadProof {
  /**
   * Whether the strategy decided the same once more on the same data, after it had seen others. Where it did not (it draws random
   * numbers, reads a clock, remembers earlier runs) nothing else can be compared: `of` and `changed` are of that run alone.
   */
  readonly deterministic: boolean;
  /** Bars after which the future was taken away or replaced by another one. */
  readonly cuts: readonly number[];
  /** Decisions compared. */
  readonly of: number;
  /** Decisions that were different when the future was. More than 0: the strategy uses what it cannot know. */
  readonly changed: number;
  /** First bar whose decision changed. */
  readonly firstBar: number | null;
  /** In words: `0 of 4212 decisions changed`. */
  readonly verdict: string;
}

/** Bars of another future: as far ahead as a strategy may be expected to peek. */
const OTHER_FUTURE_BARS = 64;

/** What a run decided by, and what it decided. */
interface ProofInput extends Omit<DecisionInput, 'cache' | 'from' | 'to'> {
  /** What the run computed of these candles. @default nothing */
  readonly indicators?: IndicatorCache;
  /** Of the run that is to be proved. */
  readonly decisions: DecisionLog;
  readonly cuts: number;
  readonly seed: number;
}

/**
 * Looks for look-ahead. First the strategy runs again on the same data, with another series in between, so that what it remembers
 * of this one is overwritten: it must decide the same. Then, at seeded bars the strategy runs again, in turn on data that has another future from there on (prices
 * mirrored, another resolution) and on data that ends there (no resolution). Decisions up to the cut must not change, words and orders
 * alike. Each run has an account of its own, so what a strategy reads of its situation is proved with it; the market's twin loses its
 * future at the same moments.
 *
 * The first of every two pairs of cuts lies where the strategy acted, since there a peek matters most.
 */
export function proveNoLookAhead(input: ProofInput): LookAheadProof {
  const { strategy, params, candles, market, options, barMs, twin, decisions, seed } = input;
  const random = seededRandom(seed);
  const cuts = chooseCuts(decisions.codes, input.cuts, random);
  const repeated = differingFrom(decisions, repeatedDecisions(input));
  if (repeated.changed > 0) {
    const of = decisions.codes.length;
    const verdict = `not deterministic: ${repeated.changed} of ${of} decisions were others on the same data`;
    return { deterministic: false, cuts: [], of, ...repeated, verdict };
  }
  const known = twin === null ? undefined : twinBarsKnown({ candles, barMs }, twin);
  const barsKnown = (bar: number): number => known?.[bar] ?? 0;
  let compared = 0;
  let changed = 0;
  let firstBar: number | null = null;
  const compare = (again: DecisionLog): void => {
    const differs = differingFrom(decisions, again);
    compared += again.codes.length;
    changed += differs.changed;
    if (differs.firstBar !== null) firstBar = firstBar === null ? differs.firstBar : Math.min(firstBar, differs.firstBar);
  };
  for (const [turn, cut] of cuts.entries()) {
    const bars = cut + 1;
    const future =
      turn % 2 === 0
        ? {
            candles: otherFuture(candles, cut, market, random),
            market: oppositeResolution(market),
            twin: mapTwin(twin, (one) => otherFuture(one, barsKnown(cut) - 1, market, random)),
          }
        : {
            candles: cutCandles(candles, bars),
            market: { ...market, resolution: { kind: 'open' } as const },
            twin: mapTwin(twin, (one) => cutCandles(one, barsKnown(cut))),
          };
    compare(decisionsOf({ strategy, params, options, barMs, ...future, to: bars }));
  }
  return { deterministic: true, cuts, of: compared, changed, firstBar, verdict: `${changed} of ${compared} decisions changed` };
}

/** Decisions on the same data, after the strategy has been through the same times with the prices in the other order. */
function repeatedDecisions(input: ProofInput): DecisionLog {
  const { strategy, params, candles, market, options, barMs, twin, indicators } = input;
  const how = { strategy, params, options, barMs };
  try {
    decisionsOf({ ...how, candles: backwards(candles), market: oppositeResolution(market), twin: mapTwin(twin, backwards) });
  } catch {
    // these prices never were: what a strategy cannot do with them says nothing
  }
  return decisionsOf({ ...how, candles, market, twin, cache: indicators });
}

/** How the first decisions differ from all of them. */
function differingFrom(decisions: DecisionLog, again: DecisionLog): { readonly changed: number; readonly firstBar: number | null } {
  let changed = 0;
  let firstBar: number | null = null;
  const [before, after] = [decisions.codes, again.codes];
  for (let i = 0; i < after.length; i++) {
    if (after[i] === before[i] && (after[i] !== ORDER || sameOrder(decisions.orders.get(i), again.orders.get(i)))) continue;
    changed++;
    firstBar ??= i;
  }
  return { changed, firstBar };
}

const sameOrder = (one: Order | undefined, other: Order | undefined): boolean =>
  (['side', 'size', 'limit', 'expires', 'stop', 'target'] as const).every((field) => one?.[field] === other?.[field]);

/** Bars to cut at, never the last one (nothing comes after it). */
function chooseCuts(decisions: Uint8Array, wanted: number, random: () => number): number[] {
  const candidates = decisions.length - 1;
  const acted: number[] = [];
  for (let i = 0; i < candidates; i++) if (decisions[i] !== HOLD) acted.push(i);
  return Array.from({ length: wanted }, (_, turn) =>
    turn % 4 < 2 && acted.length > 0 ? acted[Math.floor(random() * acted.length)] : Math.floor(random() * candidates),
  );
}

/** A twin with other bars; nothing is computed of them yet. */
const mapTwin = (twin: TwinSeries | null, change: (candles: CandleSeries) => CandleSeries): TwinSeries | null =>
  twin === null ? null : { ...twin, candles: change(twin.candles), indicators: new Map() };

/** The series up to the cut, then bars that go the other way: mirrored at the cut's close, each by its own factor. @param cut −1: before the first bar */
function otherFuture(candles: CandleSeries, cut: number, market: Market, random: () => number): CandleSeries {
  const length = Math.min(candles.length, cut + 1 + OTHER_FUTURE_BARS);
  const copy = cutCandles(candles, length);
  const future = {
    length,
    openTime: copy.openTime,
    open: copy.open.slice(),
    high: copy.high.slice(),
    low: copy.low.slice(),
    close: copy.close.slice(),
    volume: copy.volume.slice(),
  };
  const centre = cut < 0 ? candles.open[0] : candles.close[cut];
  for (let i = cut + 1; i < length; i++) {
    const factor = 0.5 + random();
    const mirrored = (price: number): number =>
      market.kind === 'probability' ? Math.min(1, Math.max(0, centre + (centre - price) * factor)) : centre * (centre / price) ** factor;
    future.open[i] = mirrored(candles.open[i]);
    future.close[i] = mirrored(candles.close[i]);
    future.high[i] = mirrored(candles.low[i]);
    future.low[i] = mirrored(candles.high[i]);
    future.volume[i] = candles.volume[i] * factor;
  }
  return future;
}

/** The same times with the prices in the other order: each bar's close becomes its open. */
const backwards = (candles: CandleSeries): CandleSeries => ({
  length: candles.length,
  openTime: candles.openTime,
  open: candles.close.toReversed(),
  high: candles.high.toReversed(),
  low: candles.low.toReversed(),
  close: candles.open.toReversed(),
  volume: candles.volume.toReversed(),
});

const oppositeResolution = (market: Market): Market =>
  market.resolution.kind === 'settled'
    ? { ...market, resolution: { ...market.resolution, payout: market.resolution.payout === 0.5 ? 0 : 1 - market.resolution.payout } }
    : { ...market, resolution: { kind: 'settled', payout: 1, at: null } };
