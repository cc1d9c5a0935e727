import type { PipelineResult, PipelineStatus, TaskResult } from '../../contracts/run/pipeline-status.ts';
import { oneLine } from '../../contracts/text/plain-text.ts';
import { formatDuration } from '../../report/elements/format.ts';
import { STATE_GLYPHS, type State } from '../../report/elements/tip.ts';
import { groupTasks, worstState } from '../../report/run/symbol-tasks.ts';

/** Maximum number of symbols with a line of their own per update; if more have ended, only those that went wrong have one. */
const LINES_PER_LOOK = 10;

/**
 * A line for each symbol and custom task that has ended and was not printed yet; for output that is not redrawn.
 * @param printed the ids printed before; the new ones are added
 */
export function endedLines(status: PipelineStatus, printed: Set<string>): string[] {
  const { symbols, custom } = groupTasks(status);
  const rows = [
    ...symbols.map(({ symbol, stages, whole }) => ({ id: symbol, tasks: whole === undefined ? Object.values(stages) : [whole] })),
    ...custom.map(({ taskId, task }) => ({ id: taskId, tasks: [task] })),
  ];
  const news = rows.filter(({ id, tasks }) => !printed.has(id) && tasks.every(hasEnded));
  for (const { id } of news) printed.add(id);
  const lines = news.map(({ id, tasks }) => ({ state: worstState(tasks), line: endedLine(id, tasks) }));
  if (lines.length <= LINES_PER_LOOK) return lines.map(({ line }) => line);
  const bad = lines.filter(({ state }) => state !== 'success');
  const shown = bad.slice(0, LINES_PER_LOOK);
  return [
    ...shown.map(({ line }) => line),
    `${lines.length - shown.length} more ended: ${countsOf(lines.filter((one) => !shown.includes(one)))}`,
  ];
}

const hasEnded = ({ status }: TaskResult): boolean => status !== 'pending' && status !== 'running';

function endedLine(id: string, tasks: readonly TaskResult[]): string {
  const state = worstState(tasks);
  const error = tasks.find((task) => task.status === 'failed')?.error;
  const skipped = tasks.find((task) => task.skippedBecause !== undefined)?.skippedBecause;
  const [degraded] = tasks.flatMap((task) => task.degraded ?? []);
  const seconds = tasks.reduce((sum, task) => sum + (task.durationSeconds ?? 0), 0);
  const why = error ? `${error.type}: ${error.message}` : state === 'skipped' && skipped !== undefined ? `${skipped} failed` : degraded;
  return `${oneLine(id)}  ${STATE_GLYPHS[state]} ${state} in ${formatDuration(seconds)}${why === undefined ? '' : `: ${oneLine(why)}`}`;
}

function countsOf(lines: readonly { readonly state: State }[]): string {
  const counts = new Map<State, number>();
  for (const { state } of lines) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].map(([state, count]) => `${count} ${state}`).join(', ');
}

/** The summary of a run in a few lines: the result, the reasons, then where to look. */
export function summaryLines(result: PipelineResult, places: readonly (readonly [label: string, place: string])[]): string[] {
  const { success, failed, skipped, cancelled } = result.statusBreakdown;
  const counts = [
    `${success} succeeded`,
    ...[[failed, 'failed'] as const, [skipped, 'skipped'] as const, [cancelled, 'cancelled'] as const]
      .filter(([count]) => count > 0)
      .map(([count, word]) => `${count} ${word}`),
  ];
  const lines = [
    `${oneLine(result.runId)}  ${STATE_GLYPHS[result.result]} ${result.result}  ${result.totalTasks} tasks: ${counts.join(', ')} in ${formatDuration(result.durationSeconds)}`,
  ];
  for (const reason of result.reasons.slice(0, 10)) lines.push(`  - ${oneLine(reason)}`);
  if (result.reasons.length > 10) lines.push(`  … and ${result.reasons.length - 10} more reasons, see the report`);
  const width = Math.max(0, ...places.map(([label]) => label.length));
  for (const [label, place] of places) lines.push(`  ${label.padEnd(width)}  ${oneLine(place)}`);
  return lines;
}
