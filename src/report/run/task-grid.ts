import type { TaskResult } from '../../contracts/pipeline-status.ts';
import { STAGES, type Stage } from '../../contracts/words.ts';
import { formatDuration, plural } from '../elements/format.ts';
import { STAGE_LETTERS, type State } from '../elements/glyphs.ts';
import { html, type Markup, type Part } from '../elements/html.ts';
import { type Column, table } from '../elements/table.ts';
import { stateGlyph } from '../elements/tip.ts';
import type { GroupedTasks, SymbolTasks } from './symbol-tasks.ts';

/** Most rows; what needs attention comes first when there are more symbols. */
const MAX_ROWS = 300;

/**
 * Symbols × stages, one shape per task.
 *
 * @param live each shape opens its task's drawer; a page without a server has none
 */
export const taskGrid = (groups: GroupedTasks, live = false): Markup => {
  const rows = mostTelling(groups.symbols, MAX_ROWS);
  const whole = rows.length > 0 && rows.every((row) => row.whole !== undefined);
  const columns: Column<SymbolTasks>[] = whole
    ? [{ head: 'all', align: 'centre', cell: (row) => row.whole && cell(row.symbol, row.whole, live) }]
    : STAGES.filter((stage) => rows.some((row) => row.stages[stage] !== undefined)).map((stage) => stageColumn(stage, live));
  return table([{ head: '', align: 'text', cell: (row) => row.symbol }, ...columns], rows, {
    id: 'grid',
    caption: 'State of each stage of each symbol',
    className: 'grid',
    empty: 'no symbols: custom tasks only',
    ...(live ? { rowKey: (row: SymbolTasks) => row.symbol } : {}),
  });
};

const stageColumn = (stage: Stage, live: boolean): Column<SymbolTasks> => ({
  head: STAGE_LETTERS[stage],
  about: stage,
  align: 'centre',
  cell: (row) => row.stages[stage] !== undefined && cell(`${row.symbol}/${stage}`, row.stages[stage], live),
});

/** A task's shape. Plain successes explain themselves to the mouse and to screen readers; the others can be tabbed to. */
const cell = (taskId: string, task: TaskResult, live: boolean): Markup => {
  const state = taskState(task);
  if (live) return taskButton(taskId, stateGlyph(state, `${taskId}: ${aboutTask(task)}`, false));
  return stateGlyph(state, `${taskId}: ${aboutTask(task)}`, state !== 'success' || (task.attempts ?? 1) > 1);
};

/** What opens the task's drawer on a live page. */
export const taskButton = (taskId: string, content: Part): Markup =>
  html`<button type="button" class="task" data-task="${taskId}">${content}</button>`;

/** The state that a task is shown in: a success with losses is degraded. */
export const taskState = (task: TaskResult): State =>
  task.status === 'success' && (task.degraded?.length ?? 0) > 0 ? 'degraded' : task.status;

/** One task in words: state, time, attempts, and why it is not a plain success. */
export const aboutTask = (task: TaskResult): string =>
  [
    taskState(task),
    task.durationSeconds === null || task.durationSeconds === undefined ? '' : formatDuration(task.durationSeconds),
    (task.attempts ?? 1) > 1 ? plural(task.attempts ?? 1, 'attempt') : '',
    task.error === null || task.error === undefined ? '' : `${task.error.type}: ${task.error.message}`,
    task.skippedBecause === undefined ? '' : `because ${task.skippedBecause} failed`,
    ...(task.degraded ?? []),
  ]
    .filter((part) => part !== '')
    .join(', ');

const ATTENTION: readonly State[] = ['failed', 'degraded', 'cancelled', 'running', 'skipped', 'pending', 'success'];

/** At most `most` rows in their own order; those that need attention are kept first. */
export const mostTelling = (rows: readonly SymbolTasks[], most: number): readonly SymbolTasks[] => {
  if (rows.length <= most) return rows;
  const ranked = rows.map((row, index) => ({ row, index }));
  ranked.sort((a, b) => ATTENTION.indexOf(a.row.verdict) - ATTENTION.indexOf(b.row.verdict) || a.index - b.index);
  return ranked.slice(0, most).map(({ row }) => row);
};
