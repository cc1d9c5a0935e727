import type { PipelineStatus, TaskResult } from '../../contracts/run/pipeline-status.ts';
import { cellText, oneLine } from '../../contracts/text/plain-text.ts';
import { STAGES, type TaskStatus } from '../../contracts/words.ts';
import { formatDuration } from '../../report/elements/format.ts';
import { STATE_GLYPHS, type State } from '../../report/elements/tip.ts';
import { groupTasks, type SymbolTasks } from '../../report/run/symbol-tasks.ts';
import { headLine, type LiveExtras, type Paint, paintAnsi, plain, type TerminalView } from './terminal-head.ts';
import { fitText, padText, textWidth } from './terminal-text.ts';

/**
 * The live table of `run` and `watch`: a line for the run, then one per symbol and custom task. Pure: the same status gives the same lines.
 *
 * @returns lines without line ends, none wider than `view.width`
 */
export const renderLiveTable = (status: PipelineStatus, extras: LiveExtras, view: TerminalView): string[] => {
  const paint = view.colour === true ? paintAnsi : plain;
  const { symbols, custom } = groupTasks(status, extras.symbols);
  const nameWidth = Math.min(
    28,
    Math.max(0, ...symbols.map((s) => textWidth(s.symbol)), ...custom.map((c) => textWidth(oneLine(c.taskId)))),
  );
  const lines: LiveLine[] = symbols.map((row) => ({ state: row.verdict, text: symbolLine(row, extras, view, nameWidth, paint) }));
  for (const { taskId, task } of custom) {
    const state = stateOf(task);
    const marks = padText(STATE_GLYPHS[state], STAGES.length);
    lines.push({
      state,
      text: assemble(oneLine(taskId), paint(marks, state), detailOf(taskId, '', task, extras, view.now), view, nameWidth),
    });
  }
  const room = view.height === undefined ? lines.length : Math.max(1, view.height - 1);
  const warning = status.deadline?.warning ?? null;
  const late = warning === null ? [] : [paint(fitText(oneLine(warning), view.width), 'degraded')];
  const left = Math.max(1, room - late.length);
  return [headLine(status, extras, view, symbols, paint), ...late, ...fitLines(lines, left, view.width)];
};

interface LiveLine {
  readonly state: State;
  readonly text: string;
}

const stateOf = (task: TaskResult): State => (task.status === 'success' && (task.degraded?.length ?? 0) > 0 ? 'degraded' : task.status);

const symbolLine = (row: SymbolTasks, extras: LiveExtras, view: TerminalView, nameWidth: number, paint: Paint): string => {
  const stages = Object.entries(row.stages);
  const marks =
    row.whole === undefined
      ? stages.map(([, task]) => paint(STATE_GLYPHS[stateOf(task)], stateOf(task))).join('') + ' '.repeat(STAGES.length - stages.length)
      : paint(padText(STATE_GLYPHS[stateOf(row.whole)], STAGES.length), stateOf(row.whole));
  return assemble(row.symbol, marks, symbolDetail(row, extras, view.now), view, nameWidth);
};

const symbolDetail = (row: SymbolTasks, extras: LiveExtras, now: number): string => {
  if (row.whole !== undefined) return detailOf(row.symbol, '', row.whole, extras, now);
  const entries = Object.entries(row.stages);
  // shown first: a failed stage, then a running one, then one that waits for its next attempt
  const shown =
    entries.find(([, task]) => task.status === 'failed') ??
    entries.find(([, task]) => task.status === 'running') ??
    entries.find(([stage]) => extras.tasks?.[`${row.symbol}/${stage}`]?.retryAt !== undefined) ??
    entries.find(([, task]) => task.status === 'skipped');
  if (shown !== undefined) return detailOf(`${row.symbol}/${shown[0]}`, shown[0], shown[1], extras, now);
  const warnings = entries.flatMap(([, task]) => task.degraded ?? []);
  const seconds = entries.reduce((sum, [, task]) => sum + (task.durationSeconds ?? 0), 0);
  if (row.verdict === 'pending') return '';
  return [formatDuration(seconds), ...warnings.slice(0, 1).map(oneLine)].join('  ');
};

const detailOf = (taskId: string, label: string, task: TaskResult, extras: LiveExtras, now: number): string => {
  const live = extras.tasks !== undefined && Object.hasOwn(extras.tasks, taskId) ? extras.tasks[taskId] : undefined;
  const lastFailure = live?.lastFailure ?? null;
  const retryAt = live?.retryAt ?? null;
  const startedAt = task.startedAt ?? null;
  const named = (text: string): string => [label, text].filter((part) => part !== '').join(' ');
  const ends: Readonly<Partial<Record<TaskStatus, () => string>>> = {
    failed: () => `${label === '' ? '' : `${label}: `}${task.error?.type ?? 'failed'}: ${oneLine(task.error?.message ?? 'no message')}`,
    skipped: () => named(task.skippedBecause === undefined ? 'skipped' : `skipped, ${oneLine(task.skippedBecause)} failed`),
    cancelled: () => named('cancelled'),
    success: () => named(formatDuration(task.durationSeconds)),
  };
  const end = ends[task.status];
  if (end !== undefined) return end();
  const attempt = live?.attempt ?? task.attempts ?? 1;
  const failure = lastFailure === null ? '' : `: ${oneLine(lastFailure)}`;
  const retryIn = retryAt === null ? null : Math.max(0, Math.ceil((retryAt - now) / 1000));
  const parts = [label, ...(attempt > 1 ? [`attempt ${attempt}`] : []), ...(retryIn === null ? [] : [`retry in ${retryIn} s`])];
  if (attempt > 1 || retryIn !== null) return parts.filter((part) => part !== '').join(', ') + failure;
  if (task.status !== 'running') return '';
  const running = startedAt === null ? '' : formatDuration(Math.max(0, (now - Date.parse(startedAt)) / 1000));
  return named(running) + failure;
};

const assemble = (givenName: string, marks: string, givenDetail: string, view: TerminalView, nameWidth: number): string => {
  const [name, detail] = [cellText(givenName), cellText(givenDetail)];
  const left = ` ${padText(fitText(name, nameWidth), nameWidth)}  `;
  const room = view.width - textWidth(left) - STAGES.length - 2;
  if (room < 4 && view.width < textWidth(left) + STAGES.length) return fitText(` ${name} ${detail}`, view.width);
  return room < 4 || detail === '' ? `${left}${marks}`.trimEnd() : `${left}${marks}  ${fitText(detail, room)}`;
};

const URGENCY: readonly State[] = ['failed', 'running', 'degraded', 'cancelled', 'skipped', 'pending', 'success'];

/** All lines when they fit; otherwise the most urgent ones, in their original order, and a line that sums up the rest. */
const fitLines = (lines: readonly LiveLine[], room: number, width: number): string[] => {
  if (lines.length <= room) return lines.map((line) => line.text);
  const ranked = lines.map((line, index) => ({ line, index })).sort((a, b) => urgency(a.line) - urgency(b.line) || a.index - b.index);
  const shown = ranked.slice(0, room - 1).sort((a, b) => a.index - b.index);
  const hidden = ranked.slice(room - 1).map(({ line }) => line.state);
  const counts = URGENCY.map((state) => [state, hidden.filter((s) => s === state).length] as const).filter(([, count]) => count > 0);
  const rest = ` … ${hidden.length} more: ${counts.map(([state, count]) => `${count} ${state}`).join(', ')}`;
  return [...shown.map(({ line }) => line.text), fitText(rest, width)];
};

const urgency = (line: LiveLine): number => URGENCY.indexOf(line.state);
