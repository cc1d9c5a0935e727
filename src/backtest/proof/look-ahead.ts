import type { CandleSeries } from '../engine/candle-series.ts';
import { type DecisionInput, decisionsOf, isShipped, StrategyFailure } from '../engine/decisions.ts';
import type { Market } from '../engine/market.ts';
import { type DecisionLog, HOLD, ORDER } from '../engine/trading/trade.ts';
import { Curtain } from '../engine/window/curtain.ts';
import type { IndicatorCache } from '../engine/window/series-view.ts';
import { twinBarsKnown } from '../engine/window/twin-bars.ts';
import { seededRandom } from '../metrics/distributions.ts';
import type { Order } from '../strategy.ts';

export interface LookAheadProof {
  /** Whether the strategy decides the same on the same data after it has run on other data; if not, look-ahead cannot be tested. */
  readonly deterministic: boolean;
  /** Number of decisions that were repeated while everything after their bar was replaced. */
  readonly tested: number;
  /** Number of decisions of the backtest. The last decision has no future to replace. */
  readonly of: number;
  /** Number of decisions that differed with another future. More than 0: the strategy uses data that it cannot know. */
  readonly changed: number;
  /**
   * `of` counts the changes of the strategy's decision. `changes` counts those that it also makes on reversed prices: they come from the
   * calendar or from answers stored in the strategy, not from prices. Absent for shipped strategies.
   */
  readonly carried?: { readonly changes: number; readonly of: number };
  /** Power of the proof: `detected` is the probability that it finds a strategy that looks ahead on one bar in `peekEvery`. */
  readonly power: { readonly peekEvery: number; readonly detected: number };
  /** The first bar whose decision changed; null if none did. */
  readonly firstBar: number | null;
  /** The outcome as text: `0 of 168 decisions changed; 167 of 168 decisions tested, …`. */
  readonly verdict: string;
}

/** Frequency of look-ahead for which the proof states its power: one bar in this many. */
const PEEK_EVERY = 20;

/** Minimum probability that a re-run changes a decision that looks ahead: the opposite next move changes about half of such decisions. */
const DETECTION_RATE = 0.5;

interface ProofInput extends Omit<DecisionInput, 'cache' | 'curtain'> {
  /** Indicator values that the run computed from the candles. */
  readonly indicators: IndicatorCache;
  readonly decisions: DecisionLog;
  /** Number of re-runs, each with another future. */
  readonly runs: number;
  readonly seed: number;
}

/**
 * Tests a strategy for look-ahead. It runs again behind a {@link Curtain} that hides everything after the present bar, its twin's and
 * longer bars included, so that one re-run repeats every decision with another future: alternately one that moves in the opposite
 * direction, and none at all. Every decision must be the same. Each re-run has its own account, which covers what the strategy reads from
 * its situation.
 *
 * A strategy that does not ship with PredictLab first runs on the reversed series, which overwrites its memory of the true one. If a re-run
 * differs, one more run on the true data distinguishes look-ahead from non-deterministic decisions.
 */
export function proveNoLookAhead(input: ProofInput): LookAheadProof {
  const { strategy, decisions, runs, seed, from = 0 } = input;
  const of = decisions.codes.length;
  const tested = of - 1;
  const power = { peekEvery: PEEK_EVERY, detected: 1 - (1 - DETECTION_RATE) ** ((runs * tested) / PEEK_EVERY) };
  const random = seededRandom(seed);
  const differing = new Set<number>();
  const carried = isShipped(strategy) ? {} : { carried: repeatedChanges(decisions, overwriteMemory(input)) };
  const curtain = new Curtain(input.market.kind, random);
  try {
    hideAll(input, curtain);
    for (let run = 0; run < runs; run++) {
      curtain.draw(run % 2 === 0 ? 'other' : 'none');
      for (const bar of differingFrom(decisions, decisionsBehind(input, curtain))) differing.add(bar);
    }
  } finally {
    curtain.lift();
  }
  const changed = differing.size;
  if (changed === 0) {
    const percent = Math.floor(power.detected * 1000) / 10;
    const verdict = `0 of ${of} decisions changed; ${tested} of ${of} decisions tested, a peek on 1 bar in ${PEEK_EVERY} would have been found with ${percent}%`;
    return { deterministic: true, tested, of, changed, ...carried, power, firstBar: null, verdict };
  }
  overwriteMemory(input);
  const repeated = differingFrom(decisions, decideAgain(input, { cache: input.indicators }));
  if (repeated.length > 0) {
    const verdict = `not deterministic: ${repeated.length} of ${of} decisions were others on the same data`;
    return { deterministic: false, tested: 0, of, changed: repeated.length, power, firstBar: from + repeated[0], verdict };
  }
  return {
    deterministic: true,
    tested,
    of,
    changed,
    power,
    firstBar: from + Math.min(...differing),
    verdict: `${changed} of ${of} decisions changed`,
  };
}

/** Runs the strategy again; undefined if the strategy fails. @param on the inputs that replace those of the backtest */
function decideAgain(
  { strategy, params, candles, market, options, barMs, twin, from = 0, to = candles.length }: ProofInput,
  on: Partial<DecisionInput>,
): DecisionLog | undefined {
  try {
    return decisionsOf(Object.assign({ strategy, params, candles, market, options, barMs, twin, from, to }, on));
  } catch (error) {
    if (error instanceof StrategyFailure) return undefined;
    throw error;
  }
}

function hideAll({ candles, barMs, twin }: ProofInput, curtain: Curtain): void {
  const known = twin === null ? undefined : twinBarsKnown({ candles, barMs }, twin);
  curtain.hideSeries(candles);
  if (twin !== null) curtain.hideSeries(twin.candles, known);
}

/** Decisions behind a curtain; undefined if the strategy failed there. */
const decisionsBehind = (input: ProofInput, curtain: Curtain): DecisionLog | undefined =>
  decideAgain(input, { market: oppositeResolution(input.market), cache: input.indicators, curtain });

/** Runs the strategy on reversed prices, to overwrite what it remembers of the true ones; returns its decisions on them. */
function overwriteMemory(input: ProofInput): DecisionLog | undefined {
  const { candles, market, twin } = input;
  const other = twin === null ? null : { ...twin, candles: backwards(twin.candles), indicators: new Map() };
  // the prices are artificial: a failure of the strategy on them proves nothing
  return decideAgain(input, { candles: backwards(candles), market: oppositeResolution(market), twin: other });
}

/** Minimum number of decision changes from which answers stored in the strategy can be distinguished from chance. */
const MIN_CHANGES = 10;

/**
 * The reason why a strategy's decisions do not follow the prices, as with a list of answers in its code: it repeats at least half of its
 * decision changes on other prices. Undefined if the decisions follow the prices.
 */
export const carriedGap = (strategy: string, { carried }: Pick<LookAheadProof, 'carried'>): string | undefined =>
  carried !== undefined && carried.of >= MIN_CHANGES && carried.changes * 2 >= carried.of
    ? `'${strategy}' repeats ${carried.changes} of ${carried.of} changes of its decision on other prices: they follow the calendar, or answers that it carries, which no re-run can see`
    : undefined;

function repeatedChanges({ codes }: DecisionLog, other: DecisionLog | undefined): { changes: number; of: number } {
  const count = { changes: 0, of: 0 };
  let [wanted, there] = [HOLD, HOLD];
  for (let i = 0; i < codes.length; i++) {
    const [now, then] = [codes[i], other?.codes[i] ?? HOLD];
    const changed = now !== HOLD && now !== wanted;
    const changedThere = then !== HOLD && then !== there;
    if (changed) count.of++;
    if (changed && changedThere && now === then) count.changes++;
    if (now !== HOLD) wanted = now;
    if (then !== HOLD) there = then;
  }
  return count;
}

/** The bars whose decisions differ between two runs, oldest first; all bars if `again` is undefined. */
function differingFrom(decisions: DecisionLog, again: DecisionLog | undefined): number[] {
  const differing: number[] = [];
  const { codes, orders } = decisions;
  for (let i = 0; i < codes.length; i++) {
    const same =
      again !== undefined && codes[i] === again.codes[i] && (codes[i] !== ORDER || sameOrder(orders.get(i), again.orders.get(i)));
    if (!same) differing.push(i);
  }
  return differing;
}

const sameOrder = (one: Order | undefined, other: Order | undefined): boolean =>
  (['side', 'size', 'limit', 'expires', 'stop', 'target'] as const).every((field) => one?.[field] === other?.[field]);

/** A series with the same times and reversed prices: each bar's close becomes its open. */
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
