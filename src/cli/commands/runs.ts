import type { Command } from 'commander';
import type { PredictLab, TemporalRun } from '../../client.ts';
import { formatDuration } from '../../report/elements/format.ts';
import { STATE_GLYPHS } from '../../report/elements/glyphs.ts';
import type { Database } from '../../storage/database/database.ts';
import { listRuns, type RunSummary, runOf } from '../../storage/runs/runs.ts';
import { recordedEnd } from '../../watch/records/record-end.ts';
import { numberOption } from '../options/values/number-option.ts';
import { printJson, printLine, printTable } from '../terminal/print.ts';
import { withPredictLabAndDatabase } from '../terminal/session.ts';
import { registerRunsCompare } from './runs-compare.ts';

/** Adds `predictlab runs`. */
export function registerRuns(program: Command): void {
  const runs = program
    .command('runs')
    .description(
      'The last runs, newest first. A run that closed as Completed in Temporal and is not in this database is `unknown`: how it ended stands in the database of its worker.',
    )
    .option('--limit <n>', 'how many', '20')
    .option('--json', 'print them as JSON')
    .action(async ({ limit, json }: { limit: string; json?: boolean }) => {
      const count = numberOption('--limit', limit, { least: 1, most: 10_000, integer: true }) as number;
      const runs = await withPredictLabAndDatabase((lab, database) => lastRuns(lab, database, count));
      if (json) return printJson(runs.map(({ executionId: _, ...run }) => run));
      if (runs.length === 0) return printLine('no runs yet; `predictlab run` starts one');
      printTable(
        [
          ['run', 'result', 'started', 'took', 'tasks', 'failed'],
          ...runs.map((run) => [
            run.runId,
            resultInWords(run.result),
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

/** The last runs; those that are over and did not record their end are recorded now. */
async function lastRuns(lab: PredictLab, database: Database | undefined, count: number): Promise<readonly ListedRun[]> {
  if (database === undefined) return mergeRuns(await lab.recentRuns(count), []).slice(0, count);
  const [temporal, recorded] = await Promise.all([lab.recentRuns(count), listRuns(database, count)]);
  const known = [...temporal];
  let isRecordedNow = false;
  for (const run of recorded.filter(({ result }) => result === null)) {
    const { runId, executionId, startedAt } = run;
    if (
      known.some(({ ended, ...other }) => ended === 'open' && (other.executionId === executionId || wentOnFrom(run, { ...other, ended })))
    )
      continue;
    const stored = await runOf(database, executionId);
    const ended = stored === undefined ? undefined : await recordedEnd(lab, database, stored);
    // Temporal's list lags behind: what is not in it may be open all the same.
    if (ended === undefined) known.push({ runId, executionId, startedAt, closedAt: null, ended: 'open' });
    else isRecordedNow = true;
  }
  return mergeRuns(known, isRecordedNow ? await listRuns(database, count) : recorded).slice(0, count);
}

/** `unknown`: Temporal closed it as Completed, but how it ended is in no database that we see. */
export interface ListedRun extends Omit<RunSummary, 'result'> {
  readonly result: RunSummary['result'] | 'unknown';
}

function resultInWords(result: ListedRun['result']): string {
  if (result === 'unknown') return '? unknown';
  const word = result ?? 'running';
  return `${STATE_GLYPHS[word]} ${word}`;
}

/**
 * What the database recorded, completed by what Temporal knows: a run that was terminated from outside recorded no end and must
 * not be shown as running for ever, and one whose input was refused recorded nothing at all.
 */
export function mergeRuns(known: readonly TemporalRun[], recorded: readonly RunSummary[]): ListedRun[] {
  const matched = new Map<RunSummary, TemporalRun>();
  const unrecorded: ListedRun[] = [];
  for (const run of known) {
    const row = recorded.find(({ executionId }) => executionId === run.executionId) ?? recorded.find((other) => wentOnFrom(other, run));
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

/** An execution that went on as new has another id than the one that was recorded, but began while that one ran. */
const wentOnFrom = (recorded: RunSummary, { runId, startedAt }: TemporalRun): boolean =>
  runId === recorded.runId && startedAt >= recorded.startedAt && (recorded.finishedAt === null || startedAt <= recorded.finishedAt);

function summaryOf({ runId, executionId, startedAt, closedAt, ended }: TemporalRun): ListedRun {
  const result = ended === 'open' ? null : endOf(ended);
  const durationSeconds = secondsBetween(startedAt, closedAt);
  return { runId, executionId, result, startedAt, finishedAt: closedAt, durationSeconds, totalTasks: null, statusBreakdown: null };
}

/** A workflow that closed as Completed may stand for a degraded run: only the record says. */
const endOf = (ended: 'succeeded' | 'failed' | 'cancelled'): Exclude<ListedRun['result'], null> =>
  ended === 'succeeded' ? 'unknown' : ended;

const secondsBetween = (from: string, to: string | null): number | null =>
  to === null ? null : Math.max(0, Date.parse(to) - Date.parse(from)) / 1000;
