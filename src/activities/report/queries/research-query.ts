import { decodeEquity, decodeTrades, thinned } from '../../../backtest/record/curve-columns.ts';
import { storedParams } from '../../../backtest/record/passport-column.ts';
import type { Json } from '../../../contracts/run/pipeline-input.ts';
import type { ComparedTrial, ResearchPageData, ResearchTrial } from '../../../report/research/research-data.ts';
import {
  bestTrials,
  runsOfSeries,
  type StoredTrial,
  sameTrialInOtherRuns,
  trialsBeside,
  wholeTrials,
} from '../../../storage/backtests/backtests.ts';
import { readWalkForwards } from '../../../storage/backtests/walk-forwards.ts';
import type { Queryable } from '../../../storage/database/database.ts';
import { VERSION } from '../../../version.ts';
import { loadWalkForwards } from './chosen-backtest-query.ts';
import { backtestRow } from './instrument-query.ts';

/** Maximum number of rows of the heat map; more would make the page slow. */
const MAX_SYMBOLS = 400;
const MAX_TRIALS = 400;
const MAX_OTHER_RUNS = 12;
const MAX_POINTS = 1_000;

/** Parameters in the address of the research page; every part is optional. */
export interface ResearchChoice {
  readonly symbol?: string;
  readonly strategy?: string;
  /** Id of a trial whose run is shown instead of the newest one. */
  readonly trial?: number;
  /** Ids of the trials to compare. */
  readonly a?: number;
  readonly b?: number;
}

/** Reads the research page. @param now UTC epoch milliseconds */
export async function loadResearchPage(queryable: Queryable, choice: ResearchChoice, now: number): Promise<ResearchPageData> {
  const best = await bestTrials(queryable, { symbols: MAX_SYMBOLS });
  const ofSymbol = best.filter(({ symbol }) => symbol === (choice.symbol ?? best[0]?.symbol));
  const newest = ofSymbol.find(({ strategy }) => strategy === choice.strategy) ?? ofSymbol[0];
  const asked = choice.trial === undefined ? [] : await trialsBeside(queryable, choice.trial, MAX_TRIALS);
  const trials = asked.length > 0 || newest === undefined ? asked : await trialsBeside(queryable, newest.id, MAX_TRIALS);
  const [head] = trials;
  const walked = head === undefined ? [] : await readWalkForwards(queryable, { symbol: head.symbol });
  const rival =
    ofSymbol.find((one) => one.strategy !== head?.strategy && one.instrumentKey === head?.instrumentKey) ??
    trials.find(({ id }) => id !== head?.id);
  const [a, b] = [choice.a ?? head?.id, choice.b ?? rival?.id];
  const compared = a === undefined || b === undefined || a === b ? undefined : await wholeTrials(queryable, [a, b]);
  const [first, second] = [compared?.get(a ?? -1), compared?.get(b ?? -1)];
  return {
    now,
    best: best.map(trialRow),
    maxSymbols: MAX_SYMBOLS,
    chosen:
      head === undefined
        ? null
        : {
            trials: trials.map(trialRow),
            runs: await runsOfSeries(queryable, head.id, MAX_OTHER_RUNS),
            walkForwards: await loadWalkForwards(
              queryable,
              walked.filter(({ instrumentKey }) => instrumentKey === head.instrumentKey),
              head.interval,
            ),
          },
    compared: first === undefined || second === undefined ? null : [comparedTrial(first), comparedTrial(second)],
    otherRuns: first === undefined ? [] : await sameTrialInOtherRuns(queryable, first.id, MAX_OTHER_RUNS),
    madeBy: `PredictLab ${VERSION}`,
  };
}

const trialRow = (trial: StoredTrial): ResearchTrial => ({
  ...backtestRow(trial),
  id: trial.id,
  symbol: trial.symbol,
  market: trial.title === '' ? trial.instrument : trial.title,
  paramValues: storedParams(trial),
  trials: trial.trials,
  runId: trial.runId,
});

const comparedTrial = (trial: StoredTrial & { readonly trades: Json; readonly equity: Json }): ComparedTrial => ({
  trial: trialRow(trial),
  trades: decodeTrades(trial.trades),
  equity: thinned(decodeEquity(trial.equity), MAX_POINTS),
});
