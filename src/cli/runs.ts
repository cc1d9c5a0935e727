import type { Command } from 'commander';
import type { OpenRun } from '../client.ts';
import { formatDuration } from '../report/format.ts';
import { STATE_GLYPHS } from '../report/glyphs.ts';
import { listRuns, type RunSummary } from '../storage/runs.ts';
import { printJson, printLine, printTable } from './print.ts';
import { registerRunsCompare } from './runs-compare.ts';
import { withDatabase, withPredictLab } from './session.ts';
import { usageError } from './exit.ts';

export function registerRuns(program: Command): void {
  const runs = program
    .command('runs')
    .summary('the last runs, newest first')
    .option('--limit <n>', 'how many', '20')
    .option('--json', 'print them as JSON')
    .action(async ({ limit, json }: { limit: string; json?: boolean }) => {
      const count = Number(limit);
      if (!Number.isInteger(count) || count < 1) throw usageError(`--limit ${limit}: write a whole number from 1 on`);
      const open = await withPredictLab((lab) => lab.openRuns());
      const recorded = await withDatabase((database) => listRuns(database, count));
      const runs = mergeRuns(open, recorded).slice(0, count);
      if (json) return printJson(runs.map(({ executionId: _, ...run }) => run));
      if (runs.length === 0) return printLine('no runs yet; `predictlab run` starts one');
      printTable(
        [
          ['run', 'result', 'started', 'took', 'tasks', 'failed'],
          ...runs.map((run) => [
            run.runId,
            run.result === null ? `${STATE_GLYPHS.running} running` : `${STATE_GLYPHS[run.result]} ${run.result}`,
            `${run.startedAt.slice(0, 16).replace('T', ' ')}Z`,
            run.durationSeconds === null ? '–' : formatDuration(run.durationSeconds),
            String(run.totalTasks ?? '–'),
            String(run.statusBreakdown?.failed ?? '–'),
          ]),
        ],
        { right: [3, 4, 5] },
      );
    });
  registerRunsCompare(runs);
}

/**
 * What the database recorded, corrected by what Temporal holds open: a run that was terminated from outside recorded no end,
 * and must not be shown as running for ever.
 */
export function mergeRuns(open: readonly OpenRun[], recorded: readonly RunSummary[]): RunSummary[] {
  const openIds = new Set(open.map((run) => run.runId));
  const newest = new Set<string>();
  const known = recorded.map((run): RunSummary => {
    const first = !newest.has(run.runId);
    newest.add(run.runId);
    const running = run.result === null && first && openIds.has(run.runId);
    return run.result === null && !running ? { ...run, result: 'failed' } : run;
  });
  const unrecorded = open
    .filter((run) => !recorded.some((row) => row.runId === run.runId && row.result === null))
    .map((run): RunSummary => ({ ...run, result: null, finishedAt: null, durationSeconds: null, totalTasks: null, statusBreakdown: null }));
  return [...unrecorded, ...known].sort((a, b) => b.startedAt.localeCompare(a.startedAt));
}
