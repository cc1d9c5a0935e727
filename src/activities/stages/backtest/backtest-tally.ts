import type { Unfilled } from '../../../backtest/engine/trading/trade.ts';
import { canonicalJson } from '../../../backtest/proof/passport.ts';
import { rankedSharpe, type StoredMetrics } from '../../../backtest/record/metrics-column.ts';
import type { StoredWalkForward } from '../../../backtest/record/walk-forward-columns.ts';
import type { Json } from '../../../contracts/run/pipeline-input.ts';

/** A result as far as it is counted, computed or taken over. */
interface CountedResult extends Pick<StoredMetrics, 'metrics' | 'weak' | 'lookAhead' | 'cut' | 'unfilled'> {
  readonly strategy: string;
  readonly params: Readonly<Record<string, Json>>;
}

/** A trial without a result. */
interface CountedFailure {
  readonly strategy: string;
  readonly because: string;
}

/** What a symbol's backtests add up to. */
export class BacktestTally {
  /** Results stored. */
  backtests = 0;
  /** Of them taken over from an earlier run, since nothing they come from has changed. */
  unchanged = 0;
  /** Of them on less than the history that was asked for: only the newest bars had room. */
  shortened = 0;
  /** One sentence for each strategy that was caught using the future, or does not decide the same twice. */
  readonly lookAhead = new Set<string>();
  private readonly failures = new Map<string, { readonly because: string; readonly series: string; count: number }>();
  private readonly trials = new Set<string>();
  private best: { readonly strategy: string; readonly sharpe: number } | undefined;
  private cut = 0;
  private readonly unfilled: Unfilled = {};
  private readonly walked = { series: 0, unchanged: 0, tooShort: 0 };

  add({ strategy, params, metrics, weak, lookAhead, cut, unfilled }: CountedResult): void {
    this.backtests++;
    // a database keeps keys in an order of its own
    this.trials.add(`${strategy} ${canonicalJson(params)}`);
    this.cut += cut ?? 0;
    for (const reason of ['beyondTick', 'noVolume', 'heldBack', 'expired'] as const) {
      const count = unfilled[reason];
      if (count !== undefined) this.unfilled[reason] = (this.unfilled[reason] ?? 0) + count;
    }
    // what rests on too little is not ranked
    const sharpe = rankedSharpe({ metrics, weak });
    if (sharpe !== null && sharpe > (this.best?.sharpe ?? Number.NEGATIVE_INFINITY)) this.best = { strategy, sharpe };
    if (lookAhead === null || lookAhead.changed === 0) return;
    if (!lookAhead.deterministic) {
      this.lookAhead.add(
        `strategy ${strategy} is not deterministic: it decided otherwise on the same data; it draws random numbers, reads a clock or remembers earlier runs`,
      );
      return;
    }
    this.lookAhead.add(
      `strategy ${strategy} looks into the future: decisions changed when what comes later did; its results cannot be had by trading`,
    );
  }

  /** @param series where, in the reader's words */
  fail({ strategy, because }: CountedFailure, series: string): void {
    const known = this.failures.get(strategy);
    if (known === undefined) this.failures.set(strategy, { because, series, count: 1 });
    else known.count++;
  }

  /** One sentence for each strategy that failed: where first, why, and how often. */
  get failed(): readonly string[] {
    return [...this.failures.values()].map(
      ({ because, series, count }) => `${series}: ${because}${count === 1 ? '' : ` (and ${count - 1} more of its backtests failed)`}`,
    );
  }

  /** A strategy that failed in it is named once: where its backtests fail, they say so. */
  addWalkForward(
    { windows, failed }: Pick<StoredWalkForward, 'failed'> & { readonly windows: readonly unknown[] },
    { series, unchanged }: { readonly series: string; readonly unchanged: boolean },
  ): void {
    this.walked.series++;
    if (unchanged) this.walked.unchanged++;
    if (windows.length === 0 && failed.length === 0) this.walked.tooShort++;
    for (const one of failed) if (!this.failures.has(one.strategy)) this.fail({ ...one, because: `walk-forward: ${one.because}` }, series);
  }

  output(): { readonly [key: string]: Json } {
    return {
      backtests: this.backtests,
      trials: this.trials.size,
      ...(this.failures.size > 0 && { failed: [...this.failures.values()].reduce((sum, { count }) => sum + count, 0) }),
      ...(this.unchanged > 0 && { unchanged: this.unchanged }),
      ...(this.shortened > 0 && { shortened: this.shortened }),
      ...(this.best !== undefined && { best: this.best }),
      ...(this.cut > 0 && { cut: this.cut }),
      ...(this.walked.series > 0 && {
        walkForward: {
          series: this.walked.series,
          ...(this.walked.unchanged > 0 && { unchanged: this.walked.unchanged }),
          ...(this.walked.tooShort > 0 && { tooShort: this.walked.tooShort }),
        },
      }),
      ...(Object.keys(this.unfilled).length > 0 && { unfilled: { ...this.unfilled } }),
    };
  }
}
