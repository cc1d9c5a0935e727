import { DAY_MS } from '../../contracts/words.ts';
import { valueTicks } from '../charts/axis.ts';
import { PLOT_WIDTH, unit } from '../charts/plot.ts';
import { sparkline } from '../charts/sparkline.ts';
import { formatAge, formatDuration, formatNumber, formatTime, plural } from '../elements/format.ts';
import { html, type Markup } from '../elements/html.ts';
import { incidentLine } from '../elements/incident-line.ts';
import { ACTION_SCRIPT, actionStatus } from '../elements/live/actions.ts';
import { FOLLOW_SCRIPT, liveFrame, livePart, PATCH_SCRIPT } from '../elements/live/live-page-parts.ts';
import { dataTable } from '../elements/table.ts';
import { STATE_GLYPHS, type State, stateGlyph, stateMark, tip, unknown } from '../elements/tip.ts';
import { ATTENTION } from '../run/task-grid.ts';
import { scheduleControls } from '../site/schedule-page.ts';
import { sitePage } from '../site/site-page.ts';
import type { HistoryPageData, HistoryRunColumn, HistorySymbolRow } from './history-data.ts';
import { universePart } from './universe-part.ts';

/** Maximum number of rows of the grid; further symbols are folded into a list of names. */
const MAX_ROWS = 60;

type HistoryPart = 'title' | 'verdict' | 'facts' | 'reasons' | 'runs' | 'durations' | 'read' | 'controls';

/**
 * The page of all runs: a column per run, a row per symbol, each cell the worst state; symbols that need attention first.
 * @param live addresses of the server that serves the page; none for a file
 */
export const renderHistoryPage = (data: HistoryPageData, live?: { readonly events: string; readonly control: boolean }): string => {
  const parts = historyPartsOf(data, live !== undefined);
  return sitePage({
    title: titleOf(data),
    isWide: true,
    current: 'runs',
    isServed: live !== undefined,
    scripts: live === undefined ? [] : [PATCH_SCRIPT, ACTION_SCRIPT, FOLLOW_SCRIPT],
    body: html`<header><div class="over"><span class="kind">Runs</span><h1>PredictLab</h1><span style="font-size:16px" data-part="verdict">${parts.verdict}</span>${live !== undefined && html`<span class="links"><a href="/plan">what the next run would do</a></span>`}</div>
${live !== undefined && html`<span hidden data-part="title">${parts.title}</span>`}${livePart('facts', parts.facts)}${live?.control === true && html`${livePart('controls', parts.controls)}${actionStatus}`}</header>
<main>
${livePart('reasons', parts.reasons)}
<section><h2>Runs × symbols</h2>${livePart('runs', parts.runs)}</section>
<section><h2>How long runs took</h2>${livePart('durations', parts.durations)}</section>
</main>${live !== undefined && liveFrame(live.events)}`,
    footer: html`${data.madeBy} · read <span data-part="read">${parts.read}</span> · times are UTC`,
  });
};

/** The parts of the page that change, by the names under which a live page replaces them. */
export const historyPartsOf = (data: HistoryPageData, isLive = false): Readonly<Record<HistoryPart, Markup>> => {
  const [newest] = data.runs;
  return {
    title: html`${titleOf(data)}`,
    verdict: newest === undefined ? html`` : stateMark(newest.state),
    facts: html`<p class="facts">${newest !== undefined && html`<span>newest run <b>${runLink(newest)}</b></span><span>started <b>${formatTime(newest.startedAt)}</b> (${formatAge((data.now - newest.startedAt) / 1000)} ago)</span>`}${nextRun(data)}${data.temporalUrl !== undefined && html`<span><a href="${data.temporalUrl}">runs in Temporal’s UI</a></span>`}${incidentLine(data.incidents, isLive)}</p>`,
    reasons: html`${reasonsOf(newest, data.incidents)}${lastFailure(data.runs)}${universePart(data.universes ?? [], data.now)}`,
    runs: grid(data),
    durations: durationTrend(data.runs),
    controls: scheduleControls(data.next),
    read: html`${formatTime(data.now, 'second')}`,
  };
};

const titleOf = ({ runs: [newest] }: HistoryPageData): string => (newest === undefined ? 'PredictLab' : `${newest.state}: PredictLab`);

const nextRun = ({ next, now }: HistoryPageData): Markup => {
  if (next === null) return html``;
  if (next.paused) return html`<span>the schedule is <b>paused</b></span>`;
  return html`<span>next run <b>${formatTime(next.at)}</b> in ${formatAge((next.at - now) / 1000)}</span>`;
};

/** The reasons of the newest run that the head does not already name as an open incident: `<task>: <type>: <message>`. */
const reasonsOf = (run: HistoryRunColumn | undefined, incidents: HistoryPageData['incidents']): Markup => {
  if (run === undefined) return html`<p class="none">No run yet. <code>predictlab run</code> starts one.</p>`;
  const named = (incidents ?? []).map(({ cause }) => cause.replace(/^[^:]+: \w+: /, ''));
  const reasons = run.reasons.filter((reason) => !named.some((cause) => reason.includes(cause)));
  if (reasons.length === 0) return html``;
  const shown = reasons.slice(0, 5);
  return html`<ul class="causes ${run.state === 'failed' ? 'bad' : 'warned'}">${shown.map((reason) => html`<li>${stateMark(run.state)}${reason}</li>`)}${shown.length < reasons.length && html`<li>and ${plural(reasons.length - shown.length, 'more reason')}</li>`}</ul>`;
};

/** A line about the last failed run if newer runs have ended since; else nothing. */
const lastFailure = (newestFirst: readonly HistoryRunColumn[]): Markup => {
  const at = newestFirst.findIndex(({ state }) => state === 'failed');
  if (at < 1) return html``;
  const run = newestFirst[at];
  const why = run.reasons[0];
  return html`<ul class="causes bad"><li>${stateMark('failed')}${runLink(run)}, ${plural(at, 'run')} ago, ${formatTime(run.startedAt)}${why !== undefined && `: ${why}`}</li></ul>`;
};

const runLink = (run: HistoryRunColumn): Markup => (run.href === null ? html`${run.runId}` : html`<a href="${run.href}">${run.runId}</a>`);

const grid = (data: HistoryPageData): Markup => {
  if (data.runs.length === 0) return html`<p class="none">no runs</p>`;
  const { runs } = data;
  const rows = byAttention(data.symbols, data.runs);
  const shown = rows.slice(0, MAX_ROWS);
  const rest = rows.slice(MAX_ROWS);
  const heads = runHeads(runs.map(({ startedAt }) => startedAt));
  const custom = runs.some((run) => run.custom !== null);
  return html`<div class="scroll" tabindex="0" role="group" aria-label="Worst state of each symbol in each run"><table class="grid history">
<caption class="spoken">Worst state of each symbol in each run</caption>
<thead><tr><th scope="col" class="text">symbol</th><th scope="col">last</th><th scope="col">fresh</th><th scope="col" class="text week">7 d</th>${runs.map((run, i) => runHead(run, { newer: runs[i - 1], time: heads[i] }))}</tr></thead>
<tbody><tr data-part="runs,all"><th scope="row">run</th><td></td><td></td><td class="week"></td>${runs.map((run) => html`<td${marked(run)}>${cell(run, run.state, `${run.runId}: ${run.state}, ${formatDuration(run.durationSeconds)}`)}</td>`)}</tr>
${shown.map((row) => symbolRow(row, runs, data.now))}
${custom && html`<tr data-part="runs,custom"><th scope="row">custom tasks</th><td></td><td></td><td class="week"></td>${runs.map((run) => html`<td${marked(run)}>${run.custom !== null && cell(run, run.custom, `custom tasks of ${run.runId}: ${run.custom}`)}</td>`)}</tr>`}</tbody></table></div>
${rest.length > 0 && html`<details><summary>${plural(rest.length, 'more symbol')}, none of which needs more attention than those above</summary><p>${rest.map((row) => html`<span class="state ${worstOf(row, data.runs)}">${STATE_GLYPHS[worstOf(row, data.runs)]}</span> ${row.symbol} `)}</p></details>`}`;
};

/**
 * Heads that distinguish runs: `08:00`, with seconds for runs of the same minute, and a number for runs of the same second.
 * @param starts UTC epoch milliseconds
 */
export const runHeads = (starts: readonly number[]): readonly string[] => {
  const minutes = starts.map((start) => formatTime(start).slice(0, 16));
  const seconds = starts.map((start) => formatTime(start, 'second').slice(0, 19));
  return starts.map((_, i) => {
    const isUnique = (times: readonly string[]): boolean => times.every((time, k) => k === i || time !== times[i]);
    if (isUnique(minutes)) return minutes[i].slice(11);
    if (isUnique(seconds)) return seconds[i].slice(11);
    return `${seconds[i].slice(11)} no. ${seconds.slice(0, i + 1).filter((time) => time === seconds[i]).length}`;
  });
};

/** A run whose `asOf` is older than its start by this much is a backfill. */
const BACKFILL_MS = 3_600_000;

/** A run's column head: the time, the date where it changes, and the `asOf` of a backfill. */
const runHead = (run: HistoryRunColumn, { newer, time }: { newer: HistoryRunColumn | undefined; time: string }): Markup => {
  const date = formatTime(run.startedAt).slice(0, 10);
  const day = newer === undefined || formatTime(newer.startedAt).slice(0, 10) !== date;
  const asOf = run.asOf !== null && run.startedAt - run.asOf > BACKFILL_MS ? formatTime(run.asOf).slice(5, 16) : null;
  const text = html`${day && html`${date.slice(5)}<br>`}${time}${asOf !== null && html`<br><span class="quiet">as of<br>${asOf.slice(0, 5)}</span>`}`;
  return html`<th scope="col" class="run${run.state === 'failed' && ' bad'}">${run.href === null ? text : html`<a href="${run.href}" title="${run.runId}">${text}</a>`}</th>`;
};

const symbolRow = (row: HistorySymbolRow, runs: readonly HistoryRunColumn[], now: number): Markup => {
  const name = row.href === null ? html`${row.symbol}` : html`<a href="${row.href}" title="${row.title}">${row.symbol}</a>`;
  const cells = runs.map((run) => {
    const state = run.states.get(row.symbol);
    return html`<td${marked(run)}>${state !== undefined && cell(run, state, `${row.symbol} in ${run.runId}: ${state}`)}</td>`;
  });
  const { last } = row;
  return html`<tr data-part="runs:${row.symbol}"><th scope="row">${name}</th><td>${last === null ? unknown('no ticks yet') : formatNumber(last.price, Math.abs(last.price) > 1 ? 2 : 3)}</td>
<td data-age>${last === null ? unknown('no ticks yet') : tip(formatAge((now - last.time) / 1000), `newest tick ${formatTime(last.time, 'second')}`, false)}</td>
<td class="text week" data-age>${sparkline(row.spark, { from: now - 7 * DAY_MS, to: now, step: row.sparkStep }, `prices of ${row.symbol} over seven days`)}</td>${cells}</tr>\n`;
};

/** The cells of a failed run have a background of their own. */
const marked = (run: HistoryRunColumn): Markup => (run.state === 'failed' ? html` class="bad"` : html``);

const cell = (run: HistoryRunColumn, state: State, about: string): Markup => {
  const glyph = stateGlyph(state, about, false);
  return run.href === null ? glyph : html`<a href="${run.href}" tabindex="-1">${glyph}</a>`;
};

/** The symbol's state in the newest run that included it. */
const worstOf = (row: HistorySymbolRow, newestFirst: readonly HistoryRunColumn[]): State => {
  for (const run of newestFirst) {
    const state = run.states.get(row.symbol);
    if (state !== undefined) return state;
  }
  return 'pending';
};

const byAttention = (rows: readonly HistorySymbolRow[], newestFirst: readonly HistoryRunColumn[]): readonly HistorySymbolRow[] =>
  rows
    .map((row) => ({ row, rank: ATTENTION.indexOf(worstOf(row, newestFirst)) }))
    .sort((a, b) => a.rank - b.rank || (a.row.symbol < b.row.symbol ? -1 : 1))
    .map(({ row }) => row);

const TREND_HEIGHT = 80;

/** One bar per run, oldest on the left, as high as the run was long, with the numbers as a table; failed runs have their own colour. */
export const durationTrend = (newestFirst: readonly HistoryRunColumn[]): Markup => {
  const runs = newestFirst.filter((run) => run.durationSeconds !== null).toReversed();
  if (runs.length === 0) return html`<p class="none">no run has ended</p>`;
  const most = Math.max(...runs.map((run) => run.durationSeconds ?? 0), 0.001);
  // Bars are never wider than those of 30 runs, so that a few runs do not fill the plot.
  const width = PLOT_WIDTH / Math.max(runs.length, 30);
  // the newest run's bar ends at the axis on the right
  const left = PLOT_WIDTH - runs.length * width;
  const bars = runs.map((run, i) => {
    const height = ((run.durationSeconds ?? 0) / most) * TREND_HEIGHT;
    const tone = run.state === 'failed' ? 'failed' : String(i % 2);
    return html`<rect class="bar-${tone}" x="${unit(left + i * width + 1)}" y="${unit(TREND_HEIGHT - height)}" width="${unit(Math.max(1, width - 2))}" height="${unit(height)}"><title>${run.runId}: ${formatDuration(run.durationSeconds)}, ${run.state}</title></rect>`;
  });
  const ticks = valueTicks(0, most, 3, formatDuration);
  return html`<div class="plot" style="height:${TREND_HEIGHT + 20}px"><div class="area" style="height:${TREND_HEIGHT}px"><svg viewBox="0 0 ${PLOT_WIDTH} ${TREND_HEIGHT}" preserveAspectRatio="none" role="img" aria-label="duration of the last ${runs.length} runs">${bars}</svg>${ticks.map((tick) => html`<span class="y" style="top:${(1 - tick.at) * 100}%">${tick.label}</span>`)}</div></div>
${dataTable(
  [
    { head: 'run', align: 'text', cell: (run: HistoryRunColumn) => run.runId },
    { head: 'started', align: 'text', cell: (run) => formatTime(run.startedAt) },
    { head: 'state', align: 'text', cell: (run) => run.state },
    { head: 'tasks', cell: (run) => run.totalTasks ?? '' },
    { head: 'took, s', cell: (run) => (run.durationSeconds ?? 0).toFixed(3) },
  ],
  runs,
  { id: 'durations', caption: 'Runs and how long they took' },
)}`;
};
