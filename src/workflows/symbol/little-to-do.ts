import type { Little, TaskReport } from '../../contracts/task/stage-report.ts';
import { numberIn } from '../../contracts/task/task-output.ts';
import type { Stage } from '../../contracts/words.ts';

/** Amounts up to which a stage is short. Measured: it then ends within about 20 ms alone, and within a second with fifty at once. */
export const LITTLE: Little = { ticks: 1_000, candles: 2_000 };

/** The earlier stage whose output states the amount of work of a stage. `collect` has none: it waits for venues, whatever it finds. */
const MEASURE: Readonly<Partial<Record<Stage, { readonly stage: Stage; readonly counts: keyof Little }>>> = {
  clean: { stage: 'collect', counts: 'ticks' },
  store: { stage: 'collect', counts: 'ticks' },
  kline: { stage: 'collect', counts: 'ticks' },
  backtest: { stage: 'kline', counts: 'candles' },
  visualize: { stage: 'kline', counts: 'candles' },
};

/** Whether a stage is short. @param reports of the earlier stages of the same segment; a stage without them may be large */
export function hasLittleToDo(stage: Stage, reports: readonly TaskReport[], little: Little): boolean {
  const measure = MEASURE[stage];
  if (measure === undefined) return false;
  const report = reports.find(({ taskId }) => taskId.endsWith(`/${measure.stage}`));
  const count = report?.kind === 'succeeded' ? numberIn(report.output, measure.counts) : null;
  return count !== null && count <= little[measure.counts];
}
