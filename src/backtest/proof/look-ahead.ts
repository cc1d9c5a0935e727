import type { CandleSeries } from '../engine/candle-series.ts';
import { type DecisionLog, ORDER } from '../engine/decision-log.ts';
import { type DecisionInput, decisionsOf, isShipped, StrategyFailure } from '../engine/decisions.ts';
import type { Market } from '../engine/market.ts';
import { Curtain } from '../engine/window/curtain.ts';
import type { IndicatorCache } from '../engine/window/series-view.ts';
import { twinBarsKnown } from '../engine/window/twin-bars.ts';
import { seededRandom } from '../seeded-random.ts';
import type { Order } from '../strategy.ts';

/** What re-running a strategy with another future at every bar showed. */
export interface LookAheadProof {
  /**
   * Whether the strategy decides the same once more on the same data, after it has seen others. Where it does not (it draws random
   * numbers, reads a clock, remembers earlier runs) nothing else can be compared: `changed` counts the decisions of that run.
   */
  readonly deterministic: boolean;
  /** Decisions that were made again while everything after their bar was replaced. */
  readonly tested: number;
  /** Decisions of the backtest. The last one has nothing after it. */
  readonly of: number;
  /** Decisions that were different when the future was. More than 0: the strategy uses what it cannot know. */
  readonly changed: number;
  /** The chance of having found a strategy that looks ahead on one bar in `peekEvery`. */
  readonly power: { readonly peekEvery: number; readonly detected: number };
  /** First bar whose decision changed. */
  readonly firstBar: number | null;
  /** In words: `0 of 168 decisions changed; 167 of 168 decisions tested, …`. */
  readonly verdict: string;
}

/** How rare a look ahead may be for which the proof states its power. */
const PEEK_EVERY = 20;

/** A look ahead shows in one re-run at least this often: the other next bar moves the other way, and half of all answers are yes or no. */
const SHOWS = 0.5;

/** What a run decided by, and what it decided. */
interface ProofInput extends Omit<DecisionInput, 'cache' | 'curtain' | 'from' | 'to'> {
  /** What the run computed of these candles. */
  readonly indicators: IndicatorCache;
  /** The decisions of the run to be proved. */
  readonly decisions: DecisionLog;
  /** Re-runs, each with another future. */
  readonly runs: number;
  readonly seed: number;
}

/**
 * Looks for look-ahead. The strategy runs again with a {@link Curtain} over everything that comes after the present bar, so that one
 * re-run makes every decision again on another future: in turn one that moves the other way, and none at all. Every decision must be the
 * same, words and orders alike. Each re-run has an account of its own, so what a strategy reads of its situation is proved with it; the
 * market's twin and longer bars lose their future at the same moments.
 *
 * A strategy that is not shipped first runs on the series backwards, which overwrites what it remembers of this one. Where a re-run
 * differs, one more on the true data tells a strategy that looks ahead from one that does not decide the same twice.
 */
export function proveNoLookAhead(input: ProofInput): LookAheadProof {
  const { strategy, candles, decisions, runs, seed } = input;
  const of = decisions.codes.length;
  const tested = of - 1;
  const power = { peekEvery: PEEK_EVERY, detected: 1 - (1 - SHOWS) ** ((runs * tested) / PEEK_EVERY) };
  const random = seededRandom(seed);
  const differing = new Set<number>();
  if (!isShipped(strategy)) forget(input);
  const curtain = new Curtain(input.market.kind, random);
  try {
    hideAll(input, curtain);
    for (let run = 0; run < runs; run++) {
      curtain.draw(run % 2 === 0 ? 'other' : 'none');
      for (const bar of differingFrom(decisions, behind(input, curtain))) differing.add(bar);
    }
  } finally {
    curtain.lift();
  }
  const changed = differing.size;
  if (changed === 0) {
    const percent = Math.floor(power.detected * 1000) / 10;
    const verdict = `0 of ${of} decisions changed; ${tested} of ${of} decisions tested, a peek on 1 bar in ${PEEK_EVERY} would have been found with ${percent}%`;
    return { deterministic: true, tested, of, changed, power, firstBar: null, verdict };
  }
  forget(input);
  const repeated = differingFrom(
    decisions,
    attempted(() => decisionsOf({ ...plain(input), candles, cache: input.indicators })),
  );
  if (repeated.length > 0) {
    const verdict = `not deterministic: ${repeated.length} of ${of} decisions were others on the same data`;
    return { deterministic: false, tested: 0, of, changed: repeated.length, power, firstBar: repeated[0], verdict };
  }
  return {
    deterministic: true,
    tested,
    of,
    changed,
    power,
    firstBar: Math.min(...differing),
    verdict: `${changed} of ${of} decisions changed`,
  };
}

/** What every re-run decides by. */
const plain = ({ strategy, params, candles, market, options, barMs, twin }: ProofInput): DecisionInput => ({
  strategy,
  params,
  candles,
  market,
  options,
  barMs,
  twin,
});

function hideAll({ candles, barMs, twin }: ProofInput, curtain: Curtain): void {
  const known = twin === null ? undefined : twinBarsKnown({ candles, barMs }, twin);
  curtain.hideSeries(candles);
  if (twin !== null) curtain.hideSeries(twin.candles, known);
}

/** The decisions behind a curtain; undefined where the strategy failed, which it does not on the true data. */
const behind = (input: ProofInput, curtain: Curtain): DecisionLog | undefined =>
  attempted(() => decisionsOf({ ...plain(input), market: oppositeResolution(input.market), cache: input.indicators, curtain }));

/** Runs the strategy on the same times with the prices in the other order: what it remembers of them is that. */
function forget(input: ProofInput): void {
  const { candles, market, twin } = input;
  const other = twin === null ? null : { ...twin, candles: backwards(twin.candles), indicators: new Map() };
  // these prices never were: what a strategy cannot do with them says nothing
  attempted(() => decisionsOf({ ...plain(input), candles: backwards(candles), market: oppositeResolution(market), twin: other }));
}

function attempted(decide: () => DecisionLog): DecisionLog | undefined {
  try {
    return decide();
  } catch (error) {
    if (error instanceof StrategyFailure) return undefined;
    throw error;
  }
}

/** The bars whose decisions are others, oldest first; all of them where there are none to compare with. */
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
