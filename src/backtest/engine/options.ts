import { DEFAULT_BACKTEST } from '../../contracts/run/backtest-settings.ts';
import type { Market } from './market.ts';

/** How much an entry buys: `all` = all cash; `fraction` = that fraction of the cash; `fixed` = that many units, as far as the cash allows. */
export type Sizing =
  | { readonly kind: 'all' }
  | { readonly kind: 'fraction'; readonly fraction: number }
  | { readonly kind: 'fixed'; readonly units: number };

/** How a backtest trades. Every field has a default, {@link DEFAULT_OPTIONS}. */
export interface BacktestOptions {
  /** Cash at the start. @default 10000 */
  readonly cash: number;
  /** Applies to entries only: a long pays open·(1 + spread), a short receives open·(1 − spread). @default 0 */
  readonly spread: number;
  /**
   * Worsens every fill, in units of the price. `recorded`: half the spread of the order book at that time, or a default that depends on
   * price and traded money. @default 0
   */
  readonly halfSpread: number | 'recorded';
  /** Number of ticks by which every fill is worse than the open; needs the market's tick size. @default 0 */
  readonly slippageTicks: number;
  /** Sides that are traded. With `both`, a short signal sells short (asset) or buys the other outcome (probability). @default 'long' */
  readonly side: 'long' | 'both';
  /** Whether sizes are rounded down to whole units. @default false */
  readonly wholeUnits: boolean;
  /** Size of an entry. @default { kind: 'all' } */
  readonly sizing: Sizing;
  /** Largest share of a bar's volume, if it is known, that all fills in that bar may take together; null = no cap. @default 0.1 */
  readonly maxVolumeShare: number | null;
  /** Number of re-runs of the look-ahead proof, each with another future at every bar; 0 = no proof. @default 2 */
  readonly proofCuts: number;
  /** Seed of the random numbers of the proof. @default 1 */
  readonly seed: number;
  /**
   * @internal For comparison with backtesting.py, which closes the last position where the last decision fills: `next-open` at the last
   *   bar's open, `trade-on-close` at the close before it, as it fills all orders at the close of their decision. @default 'off'
   */
  readonly backtestingPy: 'off' | 'next-open' | 'trade-on-close';
}

/** Default options of a backtest. */
export const DEFAULT_OPTIONS: BacktestOptions = {
  cash: 10_000,
  spread: 0,
  halfSpread: 0,
  slippageTicks: 0,
  side: 'long',
  wholeUnits: false,
  sizing: { kind: 'all' },
  maxVolumeShare: 0.1,
  proofCuts: 2,
  seed: 1,
  backtestingPy: 'off',
};

/** Problems with a backtest's options, one sentence each; empty if there are none. */
export function optionProblems(options: BacktestOptions, market: Market): string[] {
  const problems: string[] = [];
  const check = (fine: boolean, sentence: string): void => {
    if (!fine) problems.push(sentence);
  };
  const { cash, spread, halfSpread, slippageTicks, sizing, maxVolumeShare, proofCuts } = options;
  check(cash > 0 && Number.isFinite(cash), `cash must be a positive amount, got ${cash}`);
  check(spread >= 0 && spread < 1, `spread must be a fraction in [0, 1), got ${spread}`);
  check(
    halfSpread === 'recorded' || (halfSpread >= 0 && halfSpread < (market.kind === 'probability' ? 1 : Number.POSITIVE_INFINITY)),
    `the half-spread must be an amount of 0 or more${market.kind === 'probability' ? ' and below 1' : ''}, got ${halfSpread}`,
  );
  check(slippageTicks >= 0 && Number.isFinite(slippageTicks), `slippage must be 0 or more ticks, got ${slippageTicks}`);
  check(slippageTicks === 0 || market.tickSize !== null, 'slippage is in ticks, but the tick size of this market is unknown');
  check(market.fees.rate >= 0 && market.fees.rate < 1, `fee must be a fraction in [0, 1), got ${market.fees.rate}`);
  if (sizing.kind === 'fraction')
    check(sizing.fraction > 0 && sizing.fraction <= 1, `the size must be a fraction in (0, 1], got ${sizing.fraction}`);
  if (sizing.kind === 'fixed')
    check(sizing.units > 0 && Number.isFinite(sizing.units), `the size must be a positive number of units, got ${sizing.units}`);
  check(
    maxVolumeShare === null || (maxVolumeShare > 0 && maxVolumeShare <= 1),
    `the volume share must be in (0, 1], got ${maxVolumeShare}`,
  );
  check(
    Number.isInteger(proofCuts) && proofCuts >= 0 && proofCuts <= 1000,
    `proof cuts must be an integer from 0 to 1000, got ${proofCuts}`,
  );
  return problems;
}

/** The terms on which a series is traded, and under `differs` where they are not the defaults of a run's backtest stage. */
export function termsOf({ fees, tickSize }: Market, options: BacktestOptions) {
  const { cash, side, spread, halfSpread, slippageTicks, maxVolumeShare, wholeUnits } = options;
  const sizing: Readonly<Record<string, number>> =
    options.sizing.kind === 'fixed'
      ? { units: options.sizing.units }
      : { fraction: options.sizing.kind === 'fraction' ? options.sizing.fraction : 1 };
  const terms = { cash, sizing, side, spread, halfSpread, slippageTicks, maxVolumeShare, wholeUnits };
  const usual = { ...DEFAULT_BACKTEST, spread: 0, halfSpread: DEFAULT_BACKTEST.spread, wholeUnits: false };
  const text = (value: unknown): string => (value === null ? 'none' : JSON.stringify(value));
  const differs = (Object.keys(terms) as (keyof typeof terms)[]).flatMap((name) =>
    text(terms[name]) === text(usual[name]) ? [] : [`${name}: ${text(terms[name])}, default ${text(usual[name])}`],
  );
  return { ...terms, fees, tick: tickSize, differs };
}
