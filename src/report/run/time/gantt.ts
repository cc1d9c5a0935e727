import type { PipelineStatus } from '../../../contracts/run/pipeline-status.ts';
import type { RunConfig } from '../../../contracts/run/run-config.ts';
import type { PastAttempt } from '../../../contracts/task/stage-report.ts';
import { STAGES, type Stage } from '../../../contracts/words.ts';
import { linear, valueTicks } from '../../charts/axis.ts';
import { PLOT_WIDTH, unit } from '../../charts/plot.ts';
import { formatDuration, formatPercent, plural } from '../../elements/format.ts';
import { html, type Markup } from '../../elements/html.ts';
import { dataTable } from '../../elements/table.ts';
import { lastEndedChain, type TaskSpan, taskSpans } from '../run-facts.ts';
import type { GroupedTasks } from '../symbol-tasks.ts';
import { type AttemptPiece, attemptPieces, type PathTimes, pathTimes, shareBoundBySlots } from './path-times.ts';

const HEIGHT = 16;
/** Maximum number of rows: the slowest ones are shown, in the run's order. */
const MAX_ROWS = 40;
/** Minimum share of time for which the page calls a run limited by its slots. */
const NOTABLE_SHARE = 0.25;

/** Minimum wait that the text of the critical path mentions: shorter ones are usual before any task. */
const NOTABLE_WAIT_SECONDS = 0.1;

/** Failed attempts, by task id. */
type KnownAttempts = Readonly<Record<string, readonly PastAttempt[]>>;

export interface GanttScale {
  /** Start of the chart, UTC epoch milliseconds. */
  readonly start: number;
  readonly x: (time: number) => number;
  readonly path: ReadonlySet<string>;
  readonly attempts: KnownAttempts;
}

/** The time spans of one symbol or one custom task. */
export interface GanttRow {
  readonly name: string;
  readonly spans: readonly TaskSpan[];
}

/**
 * The time chart of a run: one row per symbol and custom task, the critical path underlined.
 * @param options.withTable adds the same data as a folded table @default true
 * @param options.attempts failed attempts, drawn one by one with the times between them
 */
export const gantt = (
  status: PipelineStatus,
  config: RunConfig | null,
  groups: GroupedTasks,
  { withTable = true, attempts = {} }: { readonly withTable?: boolean; readonly attempts?: KnownAttempts } = {},
): Markup => {
  const spans = taskSpans(status);
  if (spans.length === 0) return html`<p class="none">no task has run</p>`;
  const start = Math.min(Date.parse(status.startedAt), ...spans.map((span) => span.from));
  const end = Math.max(start + status.durationSeconds * 1000, ...spans.map((span) => span.to));
  const rows = ganttRows(spans, groups);
  const shown = slowest(rows);
  const path = lastEndedChain(status, config);
  const seconds = (end - start) / 1000;
  const x = linear(start, end);
  return html`<div class="gantt">${shown.map((row) => ganttRow(row, { start, x, path: new Set(path), attempts }))}
<span></span><span class="axis" aria-hidden="true">${valueTicks(0, Math.max(seconds, 0.001), 5, formatDuration).map((tick) => html`<span style="left:${tick.at * 100}%">${tick.label === '0 ms' ? '0' : tick.label.replace('.0 s', ' s')}</span>`)}</span><span></span></div>
${rows.length > shown.length && html`<p class="quiet">the ${shown.length} slowest of ${rows.length} rows; the table has all tasks that ran</p>`}
<p class="legend"><span><svg class="key" viewBox="0 0 12 10"><rect class="bar-0" width="6" height="10"/><rect class="bar-1" x="6" width="6" height="10"/></svg>stages in order</span>
<span><svg class="key" viewBox="0 0 12 10"><rect class="bar-failed" width="12" height="10"/></svg>failed</span><span><svg class="key" viewBox="0 0 12 10"><path class="bar-wait" d="M0 5H12"/></svg>waiting</span>${Object.keys(attempts).length > 0 && html`<span><svg class="key" viewBox="0 0 12 10"><path class="bar-between" d="M0 5H12"/></svg>between attempts</span>`}
<span><svg class="key" viewBox="0 0 12 10"><rect class="bar-path" y="7" width="12" height="2"/></svg>critical path: <b>${describe(path, pathTimes(path, { spans, attempts, start, wholes: wholesOf(groups) }))}</b></span></p>
${slotBound(status, config)}
${withTable && spanTable(spans, start)}`;
};

/** A sentence that more slots would have made the run shorter; false if that is not so. */
const slotBound = (status: PipelineStatus, config: RunConfig | null): Markup | false => {
  const share = shareBoundBySlots(status, config);
  return (
    share >= NOTABLE_SHARE &&
    html`<p class="quiet"><b>bound by slots</b>: for ${formatPercent(share, 0)} of the time all ${status.maxConcurrent} slots were taken while tasks that could have gone waited; a higher <code>maxConcurrent</code> would shorten the run if machine and venues keep up</p>`
  );
};

/** The rows of a time chart: symbols in the run's order, then custom tasks. */
export const ganttRows = (spans: readonly TaskSpan[], groups: GroupedTasks): readonly GanttRow[] => {
  const byName = new Map<string, TaskSpan[]>(
    [...groups.symbols.map((row) => row.symbol), ...groups.custom.map((row) => row.taskId)].map((name) => [name, []]),
  );
  const wholes = wholesOf(groups);
  for (const span of spans) {
    const name = byName.has(span.taskId) ? span.taskId : span.taskId.slice(0, span.taskId.lastIndexOf('/'));
    // The attempts of a whole symbol are the sum over its stages, so they need not be retries.
    byName.get(name)?.push(wholes.has(span.taskId) ? { ...span, task: { ...span.task, attempts: 1 } } : span);
  }
  return [...byName].flatMap(([name, found]) => (found.length === 0 ? [] : [{ name, spans: found.sort((a, b) => a.from - b.from) }]));
};

/** Symbols whose stages are not known. */
const wholesOf = (groups: GroupedTasks): ReadonlySet<string> =>
  new Set(groups.symbols.flatMap(({ symbol, whole }) => (whole === undefined ? [] : [symbol])));

const stageOf = (taskId: string): Stage | null => STAGES.find((stage) => taskId.endsWith(`/${stage}`)) ?? null;

const took = (row: GanttRow): number => row.spans.reduce((sum, span) => sum + span.to - span.from, 0);
/** The slowest rows, in their order, as many as the chart shows. */
export const slowest = (rows: readonly GanttRow[]): readonly GanttRow[] => {
  if (rows.length <= MAX_ROWS) return rows;
  const kept = new Set([...rows].sort((a, b) => took(b) - took(a)).slice(0, MAX_ROWS));
  return rows.filter((row) => kept.has(row));
};

/**
 * The bars of a row, with lines for the times in which it waited, in units of `PLOT_WIDTH`.
 * @param scale.x maps a time to [0, 1]
 * @param scale.path tasks of the critical path
 */
export const ganttBars = (row: GanttRow, { start, x, path, attempts: known }: GanttScale): Markup => {
  const bars = row.spans.map((span) => {
    const stage = stageOf(span.taskId);
    const left = x(span.from) * PLOT_WIDTH;
    const width = Math.max(1.2, (x(span.to) - x(span.from)) * PLOT_WIDTH);
    const tone = span.task.status === 'failed' ? 'failed' : stage === null ? 'custom' : String(STAGES.indexOf(stage));
    const attempts = span.task.attempts ?? 1;
    const about = `${span.taskId}: ${span.task.status}, started after ${formatDuration((span.from - start) / 1000)}, took ${formatDuration((span.to - span.from) / 1000)}${attempts > 1 ? `, ${attempts} attempts` : ''}`;
    const underline =
      path.has(span.taskId) && html`<rect class="bar-path" x="${unit(left)}" y="${HEIGHT - 2}" width="${unit(width)}" height="2"/>`;
    const pieces = attemptPieces(span, known[span.taskId] ?? []);
    const bar =
      pieces.length === 0
        ? html`<rect class="bar-${tone}" x="${unit(left)}" y="2" width="${unit(width)}" height="${HEIGHT - 5}"><title>${about}</title></rect>`
        : // hatching first: it would cover an attempt of milliseconds
          [...pieces]
            .sort((a, b) => Number(b.kind === 'between') - Number(a.kind === 'between'))
            .map((piece) => attemptBar(piece, tone, x));
    return html`${bar}${underline}`;
  });
  const { first, last } = edges(row, start);
  const wait = html`<path class="bar-wait" d="M${unit(x(first) * PLOT_WIDTH)} ${(HEIGHT - 1) / 2}H${unit(x(last) * PLOT_WIDTH)}"/>`;
  return html`${wait}${bars}`;
};

const attemptBar = ({ kind, from, to, about }: AttemptPiece, tone: string, x: (time: number) => number): Markup => {
  const [left, right] = [x(from) * PLOT_WIDTH, x(to) * PLOT_WIDTH];
  if (kind === 'between')
    return html`<path class="bar-between" d="M${unit(left)} ${(HEIGHT - 1) / 2}H${unit(right)}"><title>${about}</title></path>`;
  return html`<rect class="bar-${kind === 'failed' ? 'failed' : tone}" x="${unit(left)}" y="2" width="${unit(Math.max(1.2, right - left))}" height="${HEIGHT - 5}"><title>${about}</title></rect>`;
};

const edges = ({ spans }: GanttRow, start: number): { first: number; last: number } => ({
  first: spans[0]?.from ?? start,
  last: Math.max(...spans.map((span) => span.to)),
});

const ganttRow = (row: GanttRow, scale: GanttScale): Markup => {
  const { start } = scale;
  const { first, last } = edges(row, start);
  const label = `${row.name}: from ${formatDuration((first - start) / 1000)} to ${formatDuration((last - start) / 1000)}`;
  return html`<span class="name" title="${row.name}">${row.name}</span><span class="track"><svg viewBox="0 0 ${PLOT_WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${label}">${ganttBars(row, scale)}</svg></span><span class="took">${formatDuration(took(row) / 1000)}${retries(row)}</span>\n`;
};

/** The number of retries in a row, as text: ` · 2 retries`. */
const retries = ({ spans }: GanttRow): string => {
  const count = spans.reduce((sum, { task }) => sum + Math.max(0, (task.attempts ?? 1) - 1), 0);
  return count === 0 ? '' : ` · ${plural(count, 'retry', 'retries')}`;
};

/** The critical path as text: `BTC_PRICE (6 stages) → notify: 12.4 s of work, 30 s between attempts, 1.2 s waiting to start`. */
const describe = (path: readonly string[], { work, between, waiting, isMixed }: PathTimes): string => {
  const parts: { name: string; stages: number }[] = [];
  for (const id of path) {
    const name = stageOf(id) === null ? id : id.slice(0, id.lastIndexOf('/'));
    const last = parts.at(-1);
    if (last?.name === name) last.stages += 1;
    else parts.push({ name, stages: stageOf(id) === null ? 0 : 1 });
  }
  const words = parts.map(({ name, stages }) => (stages === 0 ? name : `${name} (${plural(stages, 'stage')})`));
  const times = [
    `${formatDuration(work)} of work${isMixed ? ' and of waits within it' : ''}`,
    between >= NOTABLE_WAIT_SECONDS ? `${formatDuration(between)} between attempts` : '',
    waiting >= NOTABLE_WAIT_SECONDS ? `${formatDuration(waiting)} waiting to start` : '',
  ];
  return `${words.join(' → ')}: ${times.filter((text) => text !== '').join(', ')}`;
};

const spanTable = (spans: readonly TaskSpan[], start: number): Markup =>
  dataTable(
    [
      { head: 'task', align: 'text', cell: (span: TaskSpan) => span.taskId },
      { head: 'status', align: 'text', cell: (span) => span.task.status },
      { head: 'started after, s', cell: (span) => ((span.from - start) / 1000).toFixed(3) },
      { head: 'took, s', cell: (span) => ((span.to - span.from) / 1000).toFixed(3) },
      { head: 'attempts', cell: (span) => span.task.attempts ?? 1 },
    ],
    [...spans].sort((a, b) => a.from - b.from),
    { id: 'spans', caption: 'When each task ran', limit: 1200 },
  );
