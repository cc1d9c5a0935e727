import { stripVTControlCharacters } from 'node:util';
import type { PipelineStatus } from '../../contracts/run/pipeline-status.ts';
import { oneLine } from '../../contracts/text/plain-text.ts';
import type { RunResult } from '../../contracts/words.ts';
import { formatStopwatch } from '../../report/elements/format.ts';
import { STATE_GLYPHS, type State } from '../../report/elements/tip.ts';
import type { SymbolTasks } from '../../report/run/symbol-tasks.ts';
import { fitText, textWidth } from './terminal-text.ts';

export type Paint = (text: string, state: State) => string;
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
export const paintAnsi: Paint = (text, state) => `\u001b[${ANSI[state]}m${text}\u001b[0m`;

/** The run in one line, in the widest form that fits: id, verdict, counts, bar, percent, time, slots. */
export const headLine = (
  status: PipelineStatus,
  extras: LiveExtras,
  view: TerminalView,
  symbols: readonly SymbolTasks[],
  paint: Paint,
): string => {
  const ended = status.finishedAt !== null;
  const elapsed = ended ? status.durationSeconds : Math.max(0, (view.now - Date.parse(status.startedAt)) / 1000);
  const done = symbols.filter((s) => !['pending', 'running'].includes(s.verdict)).length;
  // a paused run gets no nearer to its end
  const left = ended || status.paused ? null : (extras.secondsLeft ?? carriedOn(status.progress, elapsed));
  const counts = symbols.length > 0 ? `${done}/${symbols.length} symbols` : `${status.completedTasks}/${status.totalTasks} tasks`;
  const percent = `${Math.floor(status.progress * 100)} %`;
  const end = extras.result === undefined ? [] : [paint(`${STATE_GLYPHS[extras.result]} ${extras.result}`, extras.result)];
  const remaining = left === null ? '' : `~${formatStopwatch(left)} left`;
  const time = `${formatStopwatch(elapsed)}${ended ? '' : ' elapsed'}${remaining === '' ? '' : `, ${remaining}`}`;
  const shortTime = remaining === '' ? formatStopwatch(elapsed) : remaining;
  const paused = status.paused && !ended ? ['paused'] : [];
  const slots = ended || !status.maxConcurrent ? [] : [`${status.statusBreakdown.running}/${status.maxConcurrent} slots`];
  const bar = (cells: number): string => paint(progressBar(status.progress, cells), extras.result ?? 'running');
  const id = oneLine(status.runId);
  // the widest form that fits; the least important parts are dropped first
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

/** Seconds left at the pace so far; null before a tenth of the run is done. */
const carriedOn = (progress: number, elapsed: number): number | null =>
  progress >= 0.1 && progress < 1 ? (elapsed * (1 - progress)) / progress : null;

/** `████████████▌·····`: `cells` wide, in half cells. */
export const progressBar = (progress: number, cells: number): string => {
  const halves = Math.floor(Math.min(1, Math.max(0, progress)) * cells * 2);
  const full = Math.floor(halves / 2);
  const half = halves % 2;
  return '█'.repeat(full) + (half === 1 ? '▌' : '') + '·'.repeat(cells - full - half);
};

/** Details of a run beyond its status, read from the pending activities. */
export interface LiveExtras {
  /** By task id. */
  readonly tasks?: Readonly<Record<string, LiveTask>>;
  /** Estimated seconds left; without it the pace so far is extrapolated. */
  readonly secondsLeft?: number | null;
  /** The run's symbols in order; without it they are derived from the task ids. */
  readonly symbols?: readonly string[];
  /** Set when the run has ended. */
  readonly result?: RunResult;
}

export interface LiveTask {
  /** The attempt that is running or due next, from 1. */
  readonly attempt?: number;
  /** When the next attempt starts; UTC epoch milliseconds. */
  readonly retryAt?: number | null;
  /** Message of the attempt that failed last. */
  readonly lastFailure?: string | null;
}

export interface TerminalView {
  /** Columns of the terminal. */
  readonly width: number;
  /** Maximum number of lines; the last one sums up what does not fit. @default all */
  readonly height?: number;
  /** UTC epoch milliseconds. */
  readonly now: number;
  /** ANSI colours; the caller honours NO_COLOR. @default false */
  readonly colour?: boolean;
}
