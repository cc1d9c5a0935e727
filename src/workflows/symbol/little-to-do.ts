import type { Little, TaskReport } from '../../contracts/task/stage-report.ts';
import { numberIn } from '../../contracts/task/task-output.ts';
import type { Stage } from '../../contracts/words.ts';

/** Measured: alone a stage then ends within some 20 ms, and with fifty at once within a second. */
export const LITTLE: Little = { ticks: 1_000, candles: 2_000 };

/** Which earlier stage's output says how much a stage has to do. `collect` waits for venues, whatever it finds. */
const MEASURE: Readonly<Partial<Record<Stage, { readonly stage: Stage; readonly counts: keyof Little }>>> = {
  clean: { stage: 'collect', counts: 'ticks' },
  store: { stage: 'collect', counts: 'ticks' },
  kline: { stage: 'collect', counts: 'ticks' },
  backtest: { stage: 'kline', counts: 'candles' },
  visualize: { stage: 'kline', counts: 'candles' },
};

/** @param reports how the stages before it ended, of the same segment; what is not among them may be large */
export function hasLittleToDo(stage: Stage, reports: readonly TaskReport[], little: Little): boolean {
  const measure = MEASURE[stage];
  if (measure === undefined) return false;
  const report = reports.find(({ taskId }) => taskId.endsWith(`/${measure.stage}`));
  const count = report?.kind === 'succeeded' ? numberIn(report.output, measure.counts) : null;
  return count !== null && count <= little[measure.counts];
}
