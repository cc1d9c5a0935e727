import type { PackedReport, TaskReport } from '../contracts/stage-report.ts';
import { type Stage, stageTaskId } from '../contracts/words.ts';

/**
 * A child's reports as its result: without the symbol, and without what is the same nearly always (a success at the first
 * attempt, begun when the stage before it ended). Every symbol of a large run sends them, and they are stored twice.
 *
 * @param stages of the reports, in order
 */
export function packReports(stages: readonly Stage[], reports: readonly TaskReport[]): PackedReport[] {
  return reports.map(({ taskId: _, ...report }, i) => {
    const { kind, attempts, startedAt, ...facts } = { attempts: 1, startedAt: undefined, ...report };
    return {
      stage: stages[i],
      ...(kind === 'succeeded' ? {} : { kind }),
      ...(attempts === 1 ? {} : { attempts }),
      ...(startedAt === reports[i - 1]?.at ? {} : { startedAt }),
      ...facts,
    };
  });
}

/** Fills in what `packReports` left out; reports that are whole already stay as they are. */
export function unpackReports(symbol: string, packed: readonly PackedReport[]): TaskReport[] {
  let before: number | undefined;
  return packed.map(({ stage, ...facts }) => {
    const report = { taskId: stageTaskId(symbol, stage), kind: 'succeeded', attempts: 1, startedAt: before, ...facts } as TaskReport;
    before = report.at;
    return report;
  });
}
