import { canonicalJson } from '../../../backtest/proof/passport.ts';
import { rankedSharpe, type StoredMetrics } from '../../../backtest/record/metrics-column.ts';
import type { StoredWalkForward } from '../../../backtest/record/walk-forward-columns.ts';
import type { Json } from '../../../contracts/run/pipeline-input.ts';

interface CountedResult extends Pick<StoredMetrics, 'metrics' | 'weak' | 'lookAhead' | 'cut' | 'unfilled' | 'spreads'> {
  readonly terms: { readonly differs: readonly string[] } | null;
  readonly strategy: string;
  readonly params: Readonly<Record<string, Json>>;
}

interface CountedFailure {
  readonly strategy: string;
  readonly because: string;
}

/** Totals of a symbol's backtests. */
export class BacktestTally {
  backtests = 0;
  /** Number of results reused from an earlier run, because nothing they depend on has changed. */
  unchanged = 0;
  /** Number of results on less than the requested history, because only the newest bars fit into memory. */
  shortened = 0;
  /** One sentence for each strategy that uses the future or is not deterministic. */
  readonly lookAhead = new Set<string>();
  private readonly failures = new Map<string, { readonly because: string; readonly series: string; count: number }>();
  private readonly trials = new Set<string>();
  private best: { readonly strategy: string; readonly sharpe: number } | undefined;
  private cut = 0;
  private readonly unfilled: Record<string, number> = {};
  private readonly spreads: Record<string, number> = {};
  /** Trading terms that differ from the defaults. */
  private readonly differs = new Set<string>();
  private readonly walked = { series: 0, unchanged: 0, tooShort: 0, spreads: {} as Record<string, number> };

  add({ strategy, params, metrics, weak, lookAhead, cut, unfilled, spreads, terms }: CountedResult): void {
    this.backtests++;
    // keys are sorted, because reused results come from the database, which does not keep their order
    this.trials.add(`${strategy} ${canonicalJson(params)}`);
    this.cut += cut ?? 0;
    addCounts(this.unfilled, unfilled);
    addCounts(this.spreads, spreads);
    for (const one of terms?.differs ?? []) this.differs.add(one);
    // a weak Sharpe ratio is not ranked: `rankedSharpe` returns null
    const sharpe = rankedSharpe({ metrics, weak });
    if (sharpe !== null && sharpe > (this.best?.sharpe ?? Number.NEGATIVE_INFINITY)) this.best = { strategy, sharpe };
    if (lookAhead === null || lookAhead.changed === 0) return;
    if (!lookAhead.deterministic) {
      this.lookAhead.add(
        `strategy ${strategy} is not deterministic: it decided differently on the same data: it draws random numbers, reads a clock or remembers earlier runs`,
      );
      return;
    }
    this.lookAhead.add(
      `strategy ${strategy} looks into the future: its decisions changed when later prices did, so trading cannot achieve its results`,
    );
  }

  /** Records a failed strategy. @param series name of the series for messages */
  fail({ strategy, because }: CountedFailure, series: string): void {
    const known = this.failures.get(strategy);
    if (known === undefined) this.failures.set(strategy, { because, series, count: 1 });
    else known.count++;
  }

  /** One sentence for each strategy that failed: the first series, the reason, and the number of failures. */
  get failed(): readonly string[] {
    return [...this.failures.values()].map(
      ({ because, series, count }) => `${series}: ${because}${count === 1 ? '' : ` (and ${count - 1} more of its backtests failed)`}`,
    );
  }

  /** Records a strategy that failed in a walk-forward, unless its backtests failed too. */
  addWalkForward(
    { windows, failed, outOfSample, terms }: StoredWalkForward,
    { series, unchanged }: { readonly series: string; readonly unchanged: boolean },
  ): void {
    this.walked.series++;
    if (unchanged) this.walked.unchanged++;
    if (windows.length === 0 && failed.length === 0) this.walked.tooShort++;
    addCounts(this.walked.spreads, outOfSample?.spreads ?? {});
    for (const one of terms?.differs ?? []) this.differs.add(one);
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
          ...(Object.keys(this.walked.spreads).length > 0 && { spreads: { ...this.walked.spreads } }),
        },
      }),
      ...(Object.keys(this.unfilled).length > 0 && { unfilled: { ...this.unfilled } }),
      ...(Object.keys(this.spreads).length > 0 && { spreads: { ...this.spreads } }),
      ...(this.differs.size > 0 && { terms: { differs: [...this.differs] } }),
    };
  }
}

function addCounts(totals: Record<string, number>, counts: Readonly<Partial<Record<string, number>>>): void {
  for (const [name, count = 0] of Object.entries(counts)) totals[name] = (totals[name] ?? 0) + count;
}
