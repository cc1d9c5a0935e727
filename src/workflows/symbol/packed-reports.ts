import type { Little, PackedReport, TaskReport } from '../../contracts/task/stage-report.ts';
import { numberIn } from '../../contracts/task/task-output.ts';
import { type Stage, stageTaskId } from '../../contracts/words.ts';

/**
 * Packs a child's reports for its result: without the symbol and the usual values (success at the first attempt, started when the previous
 * stage ended). Every symbol of a large run sends its reports, and histories store them twice.
 * @param stages the reports' stages, in order
 * @param options.brief whether outputs are left out
 */
export function packReports(stages: readonly Stage[], reports: readonly TaskReport[], { brief = false } = {}): PackedReport[] {
  return reports.map(({ taskId: _, ...report }, i) => {
    const { kind, attempts, startedAt, output, ...facts } = { attempts: 1, startedAt: undefined, output: null, ...report };
    return {
      stage: stages[i],
      ...(kind === 'succeeded' ? {} : { kind }),
      ...(attempts === 1 ? {} : { attempts }),
      ...(startedAt === reports[i - 1]?.at ? {} : { startedAt }),
      ...(output === null || brief ? {} : { output }),
      ...facts,
    };
  });
}

/** Unpacks reports that `packReports` packed. */
export function unpackReports(symbol: string, packed: readonly PackedReport[]): TaskReport[] {
  let before: number | undefined;
  return packed.map(({ stage, ...facts }) => {
    const { kind = 'succeeded' } = facts;
    const usual = { attempts: 1, startedAt: before, ...(kind === 'succeeded' ? { output: null } : {}) };
    const report = { taskId: stageTaskId(symbol, stage), kind, ...usual, ...facts } as TaskReport;
    before = report.at;
    return report;
  });
}

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
