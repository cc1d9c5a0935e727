import type { PackedReport, TaskReport } from '../../contracts/task/stage-report.ts';
import { type Stage, stageTaskId } from '../../contracts/words.ts';

/**
 * A child's reports as its result: without the symbol, and without what is the same nearly always (a success at the first
 * attempt, begun when the stage before it ended). Every symbol of a large run sends them, and they are stored twice.
 *
 * @param stages of the reports, in order
 * @param options.brief without outputs
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

/** Fills in what `packReports` left out; reports that are whole already stay as they are. */
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
