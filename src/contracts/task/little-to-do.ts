import type { Json } from '../run/pipeline-input.ts';
import type { Stage } from '../words.ts';
import type { Little, TaskReport } from './stage-report.ts';
import { numberIn } from './task-output.ts';

/** Amounts of work up to which a stage counts as short. Measured: it takes about 20 ms alone, and up to a second when fifty run at once. */
export const LITTLE: Little = { ticks: 1_000, candles: 2_000 };

/** For each stage, the earlier stage whose output states the amount of work. `collect` is never short, because it waits for venues. */
const MEASURE: Readonly<Partial<Record<Stage, { readonly stage: Stage; readonly counts: keyof Little }>>> = {
  clean: { stage: 'collect', counts: 'ticks' },
  store: { stage: 'collect', counts: 'ticks' },
  kline: { stage: 'collect', counts: 'ticks' },
  backtest: { stage: 'kline', counts: 'candles' },
  visualize: { stage: 'kline', counts: 'candles' },
};

/** Whether a stage is short. @param outputOf returns the output of an earlier stage; if there is none, the stage counts as long */
export function hasLittleToDo(stage: Stage, outputOf: (stage: Stage) => Json | undefined, little: Little): boolean {
  const measure = MEASURE[stage];
  if (measure === undefined) return false;
  const count = numberIn(outputOf(measure.stage), measure.counts);
  return count !== null && count <= little[measure.counts];
}

/** Returns a function that finds a stage's output in `reports`; it returns undefined for a stage that did not succeed. */
export const outputIn =
  (reports: readonly TaskReport[]) =>
  (stage: Stage): Json | undefined => {
    const report = reports.find(({ taskId }) => taskId.endsWith(`/${stage}`));
    return report?.kind === 'succeeded' ? report.output : undefined;
  };
