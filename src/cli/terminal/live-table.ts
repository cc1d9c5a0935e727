import { stripVTControlCharacters } from 'node:util';
import { listingSentence, type PendingAttempt } from '../../client/pending-attempts.ts';
import type { PipelineStatus, TaskResult } from '../../contracts/run/pipeline-status.ts';
import { cellText, oneLine } from '../../contracts/text/plain-text.ts';
import { type RunResult, STAGES, type TaskStatus } from '../../contracts/words.ts';
import { formatDuration, formatStopwatch } from '../../report/elements/format.ts';
import { STATE_GLYPHS, type State } from '../../report/elements/tip.ts';
import { groupTasks, type SymbolTasks } from '../../report/run/symbol-tasks.ts';
import { fitText, padText, textWidth } from './print.ts';

/** The live table of `run` and `watch`: a line for the run, then one per symbol and custom task, none wider than `view.width`. */
export const renderLiveTable = (status: PipelineStatus, attempts: Attempts, view: TerminalView): string[] => {
  const paint = view.colour === true ? paintAnsi : plain;
  const { symbols, custom } = groupTasks(status);
  const nameWidth = Math.min(
    28,
    Math.max(0, ...symbols.map((s) => textWidth(s.symbol)), ...custom.map((c) => textWidth(oneLine(c.taskId)))),
  );
  const lines: LiveLine[] = symbols.map((row) => ({ state: row.verdict, text: symbolLine(row, attempts, view, nameWidth, paint) }));
  for (const { taskId, task } of custom) {
    const state = stateOf(task);
    const marks = paint(padText(STATE_GLYPHS[state], STAGES.length), state);
    lines.push({ state, text: assemble(oneLine(taskId), marks, detailOf(taskId, '', task, attempts, view.now), view, nameWidth) });
  }
  const room = view.height === undefined ? lines.length : Math.max(1, view.height - 1);
  const warning = status.deadline?.warning ?? null;
  const late = warning === null ? [] : [paint(fitText(oneLine(warning), view.width), 'degraded')];
  const left = Math.max(1, room - late.length);
  const listing = listingSentence(attempts);
  if (listing !== undefined) late.push(fitText(listing, view.width));
  return [headLine(status, view, symbols, paint), ...late, ...fitLines(lines, left, view.width)];
};

interface LiveLine {
  readonly state: State;
  readonly text: string;
}

const stateOf = (task: TaskResult): State => (task.status === 'success' && (task.degraded?.length ?? 0) > 0 ? 'degraded' : task.status);

const symbolLine = (row: SymbolTasks, attempts: Attempts, view: TerminalView, nameWidth: number, paint: Paint): string => {
  const stages = Object.values(row.stages);
  const marks =
    stages.map((task) => paint(STATE_GLYPHS[stateOf(task)], stateOf(task))).join('') + ' '.repeat(STAGES.length - stages.length);
  return assemble(row.symbol, marks, symbolDetail(row, attempts, view.now), view, nameWidth);
};

const symbolDetail = (row: SymbolTasks, attempts: Attempts, now: number): string => {
  const entries = Object.entries(row.stages);
  // The line shows a failed stage; without one, a running stage; without that, one that waits for its next attempt.
  const shown =
    entries.find(([, task]) => task.status === 'failed') ??
    entries.find(([, task]) => task.status === 'running') ??
    entries.find(([stage]) => attempts.get(`${row.symbol}/${stage}`)?.retryAt !== undefined) ??
    entries.find(([, task]) => task.status === 'skipped');
  if (shown !== undefined) return detailOf(`${row.symbol}/${shown[0]}`, shown[0], shown[1], attempts, now);
  const warnings = entries.flatMap(([, task]) => task.degraded ?? []);
  const seconds = entries.reduce((sum, [, task]) => sum + (task.durationSeconds ?? 0), 0);
  if (row.verdict === 'pending') return '';
  return [formatDuration(seconds), ...warnings.slice(0, 1).map(oneLine)].join('  ');
};

const detailOf = (taskId: string, label: string, task: TaskResult, attempts: Attempts, now: number): string => {
  const live = attempts.get(taskId);
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
  const failure = live?.lastFailure === undefined ? '' : `: ${oneLine(live.lastFailure)}`;
  const retryIn = live?.retryAt === undefined ? null : Math.max(0, Math.ceil((live.retryAt - now) / 1000));
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

type Paint = (text: string, state: State) => string;
/** Returns text unchanged, for terminals without colour and for files. */
export const plain: Paint = (text) => text;
const ANSI: Readonly<Record<State, string>> = {
  pending: '2',
  running: '36',
  success: '32',
  failed: '1;33',
  skipped: '2',
  cancelled: '2',
  degraded: '33',
};
/** Whether a stream is a terminal that can redraw lines and show colours; one with TERM=dumb can do neither. */
export const canRedraw = ({ isTTY }: { readonly isTTY?: boolean }): boolean => isTTY === true && process.env.TERM !== 'dumb';
/** Whether a stream shows colours; NO_COLOR turns them off. */
export const hasColours = (stream: { readonly isTTY?: boolean }): boolean => canRedraw(stream) && process.env.NO_COLOR === undefined;
/** Colours text by its state; a glyph always shows the state too. */
const paintAnsi: Paint = (text, state) => `\u001b[${ANSI[state]}m${text}\u001b[0m`;

/** The run in one line, in the widest form that fits: id, verdict, counts, bar, percent, time, slots. */
const headLine = (status: PipelineStatus, view: TerminalView, symbols: readonly SymbolTasks[], paint: Paint): string => {
  const ended = status.finishedAt !== null;
  const elapsed = ended ? status.durationSeconds : Math.max(0, (view.now - Date.parse(status.startedAt)) / 1000);
  const done = symbols.filter((s) => !['pending', 'running'].includes(s.verdict)).length;
  // A paused run makes no progress, so no time left is shown.
  const left = ended || status.paused ? null : carriedOn(status.progress, elapsed);
  const counts = symbols.length > 0 ? `${done}/${symbols.length} symbols` : `${status.completedTasks}/${status.totalTasks} tasks`;
  const percent = `${Math.floor(status.progress * 100)} %`;
  const end = view.result === undefined ? [] : [paint(`${STATE_GLYPHS[view.result]} ${view.result}`, view.result)];
  const remaining = left === null ? '' : `~${formatStopwatch(left)} left`;
  const time = `${formatStopwatch(elapsed)}${ended ? '' : ' elapsed'}${remaining === '' ? '' : `, ${remaining}`}`;
  const shortTime = remaining === '' ? formatStopwatch(elapsed) : remaining;
  const paused = status.paused && !ended ? ['paused'] : [];
  const slots = ended || !status.maxConcurrent ? [] : [`${status.statusBreakdown.running}/${status.maxConcurrent} slots`];
  const bar = (cells: number): string => paint(progressBar(status.progress, cells), view.result ?? 'running');
  const id = oneLine(status.runId);
  // Forms of the line from the widest on, of which the first that fits is used; they leave out the least important parts first.
  const forms = [
    [id, ...end, counts, bar(18), percent, time, ...slots, ...paused],
    [id, ...end, counts, bar(10), percent, time, ...slots, ...paused],
    [id, ...end, counts, bar(10), percent, shortTime, ...slots, ...paused],
    [id, ...end, bar(10), percent, shortTime, ...slots, ...paused],
    [id, ...end, bar(10), percent, shortTime, ...paused],
    [id, ...end, bar(6), percent, ...paused],
    [id, ...end, percent, ...paused],
    [...end, counts, bar(6), percent, ...paused],
    [...end, percent, ...paused],
  ].map((parts) => parts.join('  '));
  return forms.find((form) => textWidth(stripVTControlCharacters(form)) <= view.width) ?? fitText(`${percent} ${id}`, view.width);
};

/** Estimated seconds left at the present pace; null before a tenth of the run is done. */
const carriedOn = (progress: number, elapsed: number): number | null =>
  progress >= 0.1 && progress < 1 ? (elapsed * (1 - progress)) / progress : null;

/** A progress bar of `cells` characters with a resolution of half a character: `████████████▌·····`. */
export const progressBar = (progress: number, cells: number): string => {
  const halves = Math.floor(Math.min(1, Math.max(0, progress)) * cells * 2);
  const full = Math.floor(halves / 2);
  const half = halves % 2;
  return '█'.repeat(full) + (half === 1 ? '▌' : '') + '·'.repeat(cells - full - half);
};

/** The running and waiting attempts, by task id. */
type Attempts = ReadonlyMap<string, PendingAttempt>;

interface TerminalView {
  /** The verdict of an ended run. */
  readonly result?: RunResult | undefined;
  /** Width of the terminal in columns. */
  readonly width: number;
  /** Maximum number of lines; the last one sums up what does not fit. @default all */
  readonly height?: number;
  /** UTC epoch milliseconds. */
  readonly now: number;
  /** ANSI colours; the caller honours NO_COLOR. @default false */
  readonly colour?: boolean;
}
