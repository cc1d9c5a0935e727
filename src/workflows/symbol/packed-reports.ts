import type { PackedReport, TaskReport } from '../../contracts/task/stage-report.ts';
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
