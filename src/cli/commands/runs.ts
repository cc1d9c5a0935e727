import type { Command } from 'commander';
import type { PredictLab, TemporalRun } from '../../client.ts';
import { formatDuration, formatTime } from '../../report/elements/format.ts';
import { STATE_GLYPHS } from '../../report/elements/tip.ts';
import type { Database } from '../../storage/database/database.ts';
import { listRuns, type RunSummary, runOf } from '../../storage/runs/runs.ts';
import { recordedEnd } from '../../watch/records/record-end.ts';
import { takesCount } from '../options/parsers.ts';
import { printJson, printLine, printTable } from '../terminal/print.ts';
import { withExistingDatabase, withPredictLab } from '../terminal/session.ts';
import { registerRunsCompare } from './runs-compare.ts';

/** Registers `predictlab runs`. */
export default function register(runs: Command): void {
  runs
    .description(
      'Lists the last runs, newest first. A run that closed as Completed in Temporal and is not in this database is `unknown`: its result is in the database of its worker.',
    )
    .addOption(takesCount('--limit <n>', 'maximum number of runs').default(20))
    .option('--json', 'print them as JSON')
    .action(async ({ limit, json }: { limit: number; json?: boolean }) => {
      const runs = await withPredictLab((lab) => withExistingDatabase((database) => lastRuns(lab, database, limit)));
      if (json) return printJson(runs.map(({ executionId: _, ...run }) => run));
      if (runs.length === 0) return printLine('no runs yet; `predictlab run` starts one');
      printTable(
        [
          ['run', 'result', 'started', 'took', 'tasks', 'failed'],
          ...runs.map((run) => [
            run.runId,
            resultInWords(run.result),
            formatTime(Date.parse(run.startedAt)),
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

/** The last runs. If the end of a run was not recorded, it is recorded now. */
async function lastRuns(lab: PredictLab, database: Database | undefined, count: number): Promise<readonly ListedRun[]> {
  if (database === undefined) return mergeRuns(await lab.recentRuns(count), []).slice(0, count);
  const [temporal, recorded] = await Promise.all([lab.recentRuns(count), listRuns(database, count)]);
  const known = [...temporal];
  let isRecordedNow = false;
  for (const run of recorded.filter(({ result }) => result === null)) {
    const { runId, executionId, startedAt } = run;
    if (known.some((other) => other.ended === 'open' && (other.executionId === executionId || continuedFrom(run, other)))) continue;
    const stored = await runOf(database, executionId);
    const ended = stored === undefined ? undefined : await recordedEnd(lab, database, stored);
    // Temporal's list lags behind: a run that is missing in it may still be open.
    if (ended === undefined) known.push({ runId, executionId, startedAt, closedAt: null, ended: 'open' });
    else isRecordedNow = true;
  }
  return mergeRuns(known, isRecordedNow ? await listRuns(database, count) : recorded).slice(0, count);
}

/** A run in the list. `unknown`: Temporal closed it as Completed, but its result is in no database that this command reads. */
export interface ListedRun extends Omit<RunSummary, 'result'> {
  readonly result: RunSummary['result'] | 'unknown';
}

function resultInWords(result: ListedRun['result']): string {
  if (result === 'unknown') return '? unknown';
  const word = result ?? 'running';
  return `${STATE_GLYPHS[word]} ${word}`;
}

/** Merges the runs of the database with those of Temporal: a terminated run has no recorded end, and a refused run has no record at all. */
export function mergeRuns(known: readonly TemporalRun[], recorded: readonly RunSummary[]): ListedRun[] {
  const matched = new Map<RunSummary, TemporalRun>();
  const unrecorded: ListedRun[] = [];
  for (const run of known) {
    const row = recorded.find(({ executionId }) => executionId === run.executionId) ?? recorded.find((other) => continuedFrom(other, run));
    if (row !== undefined) matched.set(row, run);
    else unrecorded.push(summaryOf(run));
  }
  const runs = recorded.map((run): ListedRun => {
    const seen = matched.get(run);
    if (run.result !== null || seen?.ended === 'open') return run;
    const finishedAt = seen?.closedAt ?? null;
    const result = seen === undefined ? 'failed' : endOf(seen.ended);
    return { ...run, result, finishedAt, durationSeconds: secondsBetween(run.startedAt, finishedAt) };
  });
  return [...unrecorded, ...runs].sort((a, b) => b.startedAt.localeCompare(a.startedAt));
}

/** Whether an execution is the continue-as-new of a recorded one: it has another execution id and started while that one ran. */
const continuedFrom = (recorded: RunSummary, { runId, startedAt }: TemporalRun): boolean =>
  runId === recorded.runId && startedAt >= recorded.startedAt && (recorded.finishedAt === null || startedAt <= recorded.finishedAt);

function summaryOf({ runId, executionId, startedAt, closedAt, ended }: TemporalRun): ListedRun {
  const result = ended === 'open' ? null : endOf(ended);
  const durationSeconds = secondsBetween(startedAt, closedAt);
  return { runId, executionId, result, startedAt, finishedAt: closedAt, durationSeconds, totalTasks: null, statusBreakdown: null };
}

/** The result that Temporal's status implies: a workflow that closed as Completed may be a degraded run, which only the record says. */
const endOf = (ended: 'succeeded' | 'failed' | 'cancelled'): Exclude<ListedRun['result'], null> =>
  ended === 'succeeded' ? 'unknown' : ended;

const secondsBetween = (from: string, to: string | null): number | null =>
  to === null ? null : Math.max(0, Date.parse(to) - Date.parse(from)) / 1000;
