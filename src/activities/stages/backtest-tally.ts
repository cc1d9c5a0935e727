import type { BacktestResult } from '../../backtest/engine/result.ts';
import { rankedSharpe } from '../../backtest/record/metrics-column.ts';
import type { Json } from '../../contracts/pipeline-input.ts';

/** What a symbol's backtests add up to. */
export class BacktestTally {
  /** Results stored. */
  backtests = 0;
  /** One sentence for each strategy that was caught using the future. */
  readonly lookAhead = new Set<string>();
  private readonly trials = new Set<string>();
  private best: { readonly strategy: string; readonly sharpe: number } | undefined;

  add({ strategy, params, metrics, weak, lookAhead }: BacktestResult): void {
    this.backtests++;
    this.trials.add(`${strategy} ${JSON.stringify(params)}`);
    // what rests on too little is not ranked
    const sharpe = rankedSharpe({ metrics, weak });
    if (sharpe !== null && sharpe > (this.best?.sharpe ?? Number.NEGATIVE_INFINITY)) this.best = { strategy, sharpe };
    if (lookAhead === null || lookAhead.changed === 0) return;
    this.lookAhead.add(
      `strategy ${strategy} looks into the future: decisions changed when what comes later did; its results cannot be had by trading`,
    );
  }

  output(): { readonly [key: string]: Json } {
    return { backtests: this.backtests, trials: this.trials.size, ...(this.best === undefined ? {} : { best: this.best }) };
  }
}
