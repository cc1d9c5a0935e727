import type { TaskResult } from '../../contracts/run/pipeline-status.ts';
import { STAGES, type Stage } from '../../contracts/words.ts';
import { formatDuration, plural } from '../elements/format.ts';
import { html, type Markup, type Part } from '../elements/html.ts';
import { type Column, table } from '../elements/table.ts';
import { STAGE_LETTERS, STATE_GLYPHS, type State, stateGlyph } from '../elements/tip.ts';
import type { GroupedTasks, SymbolTasks } from './symbol-tasks.ts';

/** Maximum number of rows; in a run with more symbols, only symbols that need attention have a row. */
export const MAX_ROWS = 60;
/** Maximum number of symbols folded into the strip below the grid; further ones are only counted. */
export const MAX_FOLDED = 2_000;
/** Number of symbols per line of the strip. */
const STRIP_LINE = 50;

/**
 * The grid of symbols × stages, one shape per task.
 * @param live whether each shape opens its task's drawer, which needs a server
 */
export const taskGrid = (groups: GroupedTasks, live = false): Markup => {
  const [rows, rest] = foldedApart(groups.symbols);
  const whole = rows.length > 0 && rows.every((row) => row.whole !== undefined);
  const columns: Column<SymbolTasks>[] = whole
    ? [{ head: 'all', align: 'centre', cell: (row, r) => row.whole && cell(row.symbol, row.whole, live && (r === 0 ? 'stop' : true)) }]
    : STAGES.filter((stage) => rows.some((row) => row.stages[stage] !== undefined)).map((stage, i) => stageColumn(stage, live, i === 0));
  const grid = table([{ head: '', align: 'text', cell: (row) => row.symbol }, ...columns], rows, {
    id: 'grid',
    caption: 'State of each stage of each symbol',
    className: 'grid',
    empty: 'no symbols: custom tasks only',
    ...(live ? { rowKey: (row: SymbolTasks) => row.symbol } : {}),
  });
  if (rest.length === 0) return grid;
  return html`${rows.length > 0 && grid}${strip(rest, live)}`;
};

/**
 * The symbols that have a row, and those folded into a strip. In a run of many symbols only symbols with a problem have a row, so that rows
 * do not move as symbols run.
 */
export const foldedApart = (symbols: readonly SymbolTasks[]): readonly [rows: readonly SymbolTasks[], rest: readonly SymbolTasks[]] => {
  if (symbols.length <= MAX_ROWS) return [symbols, []];
  const wrong = symbols.filter(({ verdict }) => WRONG.has(verdict));
  const rows = mostUrgentRows(wrong, MAX_ROWS);
  const shown = new Set(rows);
  return [rows, symbols.filter((row) => !shown.has(row))];
};

/** One shape per folded symbol, in lines, each with its name on hover. */
const strip = (all: readonly SymbolTasks[], live: boolean): Markup => {
  const symbols = all.slice(0, MAX_FOLDED);
  const lines = Array.from({ length: Math.ceil(symbols.length / STRIP_LINE) }, (_, i) =>
    symbols.slice(i * STRIP_LINE, (i + 1) * STRIP_LINE),
  );
  const counts = new Map<State, number>();
  for (const { verdict } of all) counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  return html`<table class="strip"><caption>${[...counts].map(([state, count]) => `${count} ${state}`).join(', ')}, in the run’s order${all.length > symbols.length && html`, the first ${symbols.length}`}</caption><tbody>${lines.map((line, i) => html`<tr${live && html` data-part="strip:${i}"`}><td>${line.map((row, k) => stripCell(row, live && (i === 0 && k === 0 ? 'stop' : true)))}</td></tr>\n`)}</tbody></table>`;
};

const stripCell = ({ symbol, verdict }: SymbolTasks, live: Live): Markup =>
  live
    ? html`<button type="button" class="task ${verdict}"${live !== 'stop' && html` tabindex="-1"`} data-task="${symbol}" title="${symbol}: ${verdict}" aria-label="${symbol}: ${verdict}">${STATE_GLYPHS[verdict]}</button>`
    : html`<span class="${verdict}" title="${symbol}: ${verdict}">${STATE_GLYPHS[verdict]}</span>`;

/** Whether a shape opens its task's drawer; `stop` = it does, and it is the only tab stop of its table. */
type Live = boolean | 'stop';

const stageColumn = (stage: Stage, live: boolean, isFirst: boolean): Column<SymbolTasks> => ({
  head: STAGE_LETTERS[stage],
  about: stage,
  align: 'centre',
  cell: (row, r) => {
    const stop = live && (isFirst && r === 0 ? 'stop' : true);
    const task = row.stages[stage];
    // Without stages, each cell shows the symbol's state.
    if (task === undefined) return row.whole !== undefined && cell(row.symbol, row.whole, stop);
    return cell(`${row.symbol}/${stage}`, task, stop);
  },
});

/** A task's shape, explained on hover and to screen readers. Unless the task simply succeeded, it is also a tab stop. */
const cell = (taskId: string, task: TaskResult, live: Live): Markup => {
  const state = taskState(task);
  if (live) return taskButton(taskId, stateGlyph(state, `${taskId}: ${aboutTask(task)}`, false), live === 'stop');
  return stateGlyph(state, `${taskId}: ${aboutTask(task)}`, state !== 'success' || (task.attempts ?? 1) > 1);
};

/** The button that opens a task's drawer. Only a table's first button is a tab stop: arrow keys reach the others. */
export const taskButton = (taskId: string, content: Part, isStop: boolean): Markup =>
  html`<button type="button" class="task"${!isStop && html` tabindex="-1"`} data-task="${taskId}">${content}</button>`;

/** The state that a task is shown in: a success with `degraded` reasons is degraded. */
export const taskState = (task: TaskResult): State =>
  task.status === 'success' && (task.degraded?.length ?? 0) > 0 ? 'degraded' : task.status;

/** A task in words: state, duration, attempts, and why it is not a plain success. */
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

const WRONG: ReadonlySet<State> = new Set(['failed', 'degraded', 'cancelled', 'skipped']);
/** The states of tasks, symbols and runs, those that need attention most first. */
export const ATTENTION: readonly State[] = ['failed', 'degraded', 'cancelled', 'running', 'skipped', 'pending', 'success'];

/** At most `most` rows; if there are more, those that need attention come first and the last ones are left out. */
export const mostUrgentRows = (rows: readonly SymbolTasks[], most: number): readonly SymbolTasks[] => {
  if (rows.length <= most) return rows;
  const ranked = rows.map((row, index) => ({ row, index }));
  ranked.sort((a, b) => ATTENTION.indexOf(a.row.verdict) - ATTENTION.indexOf(b.row.verdict) || a.index - b.index);
  return ranked.slice(0, most).map(({ row }) => row);
};
