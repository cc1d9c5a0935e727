import { windowOf } from '../../contracts/run/run-window.ts';
import { formatDuration, formatNumber, formatPercent, formatTime, plural } from '../elements/format.ts';
import { html, type Markup, webLink } from '../elements/html.ts';
import { incidentLine } from '../elements/incident-line.ts';
import { ACTION_SCRIPT, actionStatus } from '../elements/live/actions.ts';
import { FOLLOW_SCRIPT, livePart, PATCH_SCRIPT } from '../elements/live/live-page-parts.ts';
import { type Column, table } from '../elements/table.ts';
import { stateGlyph, stateMark, tip } from '../elements/tip.ts';
import { sitePage } from '../site/site-page.ts';
import { causesOf, type RunCause } from './causes/causes.ts';
import { dagSvg } from './graph/dag-svg.ts';
import { controls, DRAWER_SCRIPT, type LiveAddresses, type LivePart, liveRunFrame } from './live/live-parts.ts';
import type { RunOnPage, RunPageData, ShadowVerdict } from './run-data.ts';
import { type StageFacts, stageFacts } from './run-facts.ts';
import { runSymbols } from './run-symbols.ts';
import { type GroupedTasks, groupRun } from './symbol-tasks.ts';
import { aboutTask, taskButton, taskGrid, taskState } from './task-grid.ts';
import { gantt } from './time/gantt.ts';

/**
 * A run's page, `index.html`: the result first, then its reasons, then every task, symbol and stage; works without network and script.
 * @param live addresses of the server that serves the page; none for a file
 */
export const renderRunPage = (data: RunPageData, live?: LiveAddresses): string => {
  const { result } = data;
  const groups = groupRun(data.result, data.config);
  const parts = livePartsOf(data, live !== undefined);
  return sitePage({
    title: `${result.result}: ${result.runId}`,
    current: 'runs',
    isServed: live !== undefined,
    scripts: live === undefined ? [] : [PATCH_SCRIPT, DRAWER_SCRIPT, ACTION_SCRIPT, FOLLOW_SCRIPT],
    body: html`<header>${livePart('head', parts.head)}${live?.control === true && html`${livePart('controls', parts.controls)}${actionStatus}`}</header>
<main>
${livePart('causes', parts.causes)}
<div class="columns"><section><h2>Tasks</h2>${livePart('tasks', parts.tasks)}</section>
<section><h2>Time</h2>${livePart('time', parts.time)}</section></div>
${(data.config?.tasks.length ?? 0) > 0 && html`<section><h2>Dependencies</h2>${livePart('graph', parts.graph)}</section>`}
<section><h2>Symbols</h2>${livePart('symbols', parts.symbols)}</section>
${groups.custom.length > 0 && html`<section><h2>Custom tasks</h2>${livePart('custom-tasks', parts['custom-tasks'])}</section>`}
<div class="halves"><section><h2>Stages</h2>${livePart('stages', parts.stages)}</section>
<section><h2>Changed since last run</h2>${changes(data)}</section></div>
${data.shadows !== undefined && data.shadows.length > 0 && html`<section><h2>Shadows</h2>${shadowSection(data.shadows)}</section>`}
<section><h2>Config</h2>${config(data)}</section>
</main>${live !== undefined && liveRunFrame(live)}`,
    footer: html`${data.madeBy} · run ${result.runId} · times are UTC`,
  });
};

/** The parts of a run's page that change while the run is open, by the names under which a live page replaces them. */
export const livePartsOf = (data: RunPageData, live: boolean): Readonly<Record<LivePart, Markup>> => {
  const { result } = data;
  const groups = groupRun(data.result, data.config);
  const why = causesOf(data);
  return {
    head: header(data, groups, { live, why }),
    causes: causes(why, result.result),
    tasks: taskGrid(groups, live),
    time: gantt(result, data.config, groups, { attempts: data.attempts, withTable: !live || result.finishedAt !== null }),
    graph: dagSvg(result, data.config) ?? html``,
    symbols: runSymbols(data, groups, live),
    'custom-tasks': customTasks(groups, live),
    stages: stages(stageFacts(result, groups)),
    controls: controls(result),
  };
};

const header = (data: RunPageData, groups: GroupedTasks, { live, why }: { live: boolean; why: readonly RunCause[] }): Markup => {
  const { result, usual, previous } = data;
  const usually =
    usual === null
      ? html` <span class="quiet">(first run of this size)</span>`
      : html` <span class="quiet">(${tip(`usual ${formatDuration(usual.medianSeconds)}`, `median of the last ${plural(usual.runs, 'run')} with as many tasks`)})</span>`;
  const breakdown = Object.entries(result.statusBreakdown).filter(([, count]) => count > 0);
  return html`<div class="over"><span class="kind">Run</span><h1>${result.runId}</h1><span style="font-size:16px">${stateMark(result.result)}${result.paused && result.finishedAt === null && html`, <b>paused</b>`}</span>
<span class="links">${live && html`<a href="/">all runs</a>`}${data.temporalUrl !== null && webLink(data.temporalUrl, 'Temporal UI')}${previous !== null && previousLink(previous)}</span></div>
<p class="facts"><span><b>${formatNumber(groups.symbols.length)}</b> ${groups.symbols.length === 1 ? 'symbol' : 'symbols'}</span><span><b>${formatNumber(result.totalTasks)}</b> ${result.totalTasks === 1 ? 'task' : 'tasks'}: ${breakdown.map(([state, count]) => `${formatNumber(count)} ${state}`).join(', ')}</span>
<span><b>${formatDuration(result.durationSeconds)}</b>${usually}</span>${result.finishedAt === null && progress(result)}
<span>started <b>${formatTime(Date.parse(result.startedAt), 'second')}</b></span>${data.config !== null && html`<span>as of <b>${formatTime(data.config.asOf, 'second')}</b></span>`}${data.readAt !== undefined && html`<span>as it stood at <b>${formatTime(data.readAt, 'second')}</b>: reload for more</span>`}${incidentLine(
    data.incidents,
    live,
    why.map(({ text }) => text),
  )}</p>`;
};

/** Minimum share of completed tasks for an estimate of the remaining time. */
const MIN_PROGRESS = 0.1;

/** The progress of an open run, and the remaining time at its present pace. */
const progress = ({ progress: done, durationSeconds, paused }: RunOnPage): Markup => {
  const percent = formatPercent(done, 0);
  const left = !paused && done >= MIN_PROGRESS && done < 1 ? `, about ${formatDuration((durationSeconds * (1 - done)) / done)} left` : '';
  return html`<span><progress max="1" value="${Math.round(done * 1000) / 1000}" aria-label="progress">${percent}</progress> <b>${percent}</b>${left}</span>`;
};

const previousLink = (previous: NonNullable<RunPageData['previous']>): Markup => {
  const when = `${previous.runId}, ${previous.result}${previous.finishedAt === null ? '' : `, ${formatTime(previous.finishedAt)}`}`;
  return previous.href === null
    ? html`<span class="quiet" title="${when}">previous run: ${previous.result}</span>`
    : html`<a href="${previous.href}" title="${when}">previous run</a>`;
};

const causes = (list: readonly RunCause[], result: string): Markup => {
  if (list.length === 0 && result === 'running') return html`<ul class="causes"><li>Nothing has gone wrong so far.</li></ul>`;
  if (list.length === 0) {
    return html`<ul class="causes ${result === 'success' ? 'good' : 'bad'}"><li>${result === 'success' ? 'Every task succeeded; nothing was quarantined beyond the limit and nothing is missing.' : `The run was ${result}; no task gives a reason.`}</li></ul>`;
  }
  const tone = result === 'failed' ? 'bad' : result === 'success' ? 'good' : 'warned';
  return html`<ul class="causes ${tone}">${list.map((cause) => html`<li>${stateMark(cause.state)}${cause.text}</li>`)}</ul>`;
};

const customTasks = (groups: GroupedTasks, live: boolean): Markup => {
  type Row = GroupedTasks['custom'][number];
  const columns: Column<Row>[] = [
    { head: 'task', align: 'text', cell: (row, r) => (live ? taskButton(row.taskId, row.taskId, r === 0) : row.taskId) },
    { head: 'state', align: 'text', cell: (row) => stateMark(taskState(row.task)) },
    { head: 'attempts', cell: (row) => formatNumber(row.task.attempts ?? 0) },
    { head: 'took', cell: (row) => formatDuration(row.task.durationSeconds) },
    { head: 'what happened', align: 'text', cell: (row) => outputOf(row) },
  ];
  const shown = mostUrgent(groups.custom);
  const rest = groups.custom.length - shown.length;
  return html`${table(columns, shown, {
    id: 'custom',
    caption: 'Custom tasks of the run',
    ...(live ? { rowKey: (row: Row) => row.taskId } : {}),
  })}${rest > 0 && html`<p class="quiet">${plural(rest, 'more custom task')}; those that need attention stand above, <code>predictlab status &lt;run&gt; --json</code> has all</p>`}`;
};

const MAX_CUSTOM = 300;
const URGENCY = ['failed', 'cancelled', 'running', 'pending', 'skipped', 'success'];

/** The custom tasks that the table shows: if there are too many, those that need attention most; in the run's order. */
const mostUrgent = (rows: GroupedTasks['custom']): GroupedTasks['custom'] => {
  if (rows.length <= MAX_CUSTOM) return rows;
  // A task that waits for its next attempt has failed at least once, so it ranks right after failed tasks.
  const rank = ({ task }: GroupedTasks['custom'][number]): number =>
    task.status === 'pending' && (task.attempts ?? 0) > 0 ? 1 : URGENCY.indexOf(task.status);
  const kept = new Set([...rows].sort((a, b) => rank(a) - rank(b)).slice(0, MAX_CUSTOM));
  return rows.filter((row) => kept.has(row));
};

const outputOf = ({ task }: GroupedTasks['custom'][number]): string => {
  if (task.status === 'success' && task.output !== undefined && task.output !== null) return JSON.stringify(task.output).slice(0, 300);
  return aboutTask({ ...task, durationSeconds: null });
};

const stages = (facts: readonly StageFacts[]): Markup =>
  table<StageFacts>(
    [
      { head: 'stage', align: 'text', cell: (row) => row.stage },
      { head: 'count', about: 'Tasks that succeeded or failed.', cell: (row) => formatNumber(row.count) },
      { head: 'mean', cell: (row) => formatDuration(row.meanSeconds) },
      {
        head: 'p95',
        about: 'Nearest-rank 95th percentile: 95 of 100 were this fast or faster.',
        cell: (row) => formatDuration(row.p95Seconds),
      },
      { head: 'retries', about: 'Attempts beyond the first.', cell: (row) => formatNumber(row.retries) },
      { head: 'success', about: 'Succeeded / (succeeded + failed).', cell: (row) => formatPercent(row.successRate, 0) },
    ],
    facts,
    { id: 'stages', caption: 'Statistics per stage', empty: 'no stage has run' },
  );

const changes = (data: RunPageData): Markup => {
  if (data.previous === null) return html`<p class="none">no earlier run to compare with</p>`;
  if (data.result.finishedAt === null) return html`<p class="none">compared once the run has ended</p>`;
  if (data.changes.length === 0) return html`<p class="none">nothing that shows here: same verdicts and settings</p>`;
  const shown = data.changes.slice(0, 20);
  return html`<ul>${shown.map((line) => html`<li>${line}</li>`)}</ul>${shown.length < data.changes.length && html`<p class="quiet">and ${plural(data.changes.length - shown.length, 'more change')}</p>`}`;
};

const config = (data: RunPageData): Markup => {
  const { config: resolved, inputText, versions } = data;
  const facts: (readonly [string, string])[] = [
    ...Object.entries(versions),
    ...(resolved === null
      ? []
      : ([
          ['sources', resolved.sourceTypes.join(', ')],
          ['intervals', resolved.intervals.join(', ')],
          ['window', `${formatTime(windowOf(resolved).from)} – ${formatTime(resolved.asOf)} (${plural(resolved.daysBack, 'day')})`],
          ['until stage', resolved.untilStage],
          ['slots', `${resolved.maxConcurrent}, order ${resolved.order}`],
          ['strategies', resolved.strategies.map((s) => `${s.name} ${JSON.stringify(s.params)}`).join('; ')],
        ] as const)),
  ];
  return html`<dl>${facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
${inputText !== null && html`<details${inputText.split('\n').length <= 12 && html` open`}><summary>input</summary><pre>${inputText.slice(0, 20_000)}</pre></details>`}
${resolved !== null && html`<details><summary>resolved config</summary><pre>${JSON.stringify(shortened(resolved), null, 2).slice(0, 40_000)}</pre></details>`}`;
};

/** The config with at most 60 symbols. */
const shortened = (resolved: NonNullable<RunPageData['config']>): object =>
  resolved.symbols.length <= 60
    ? resolved
    : { ...resolved, symbols: [...resolved.symbols.slice(0, 60), `and ${resolved.symbols.length - 60} more`] };

/** The table of `deploy shadow` results for a run, newest first. */
function shadowSection(shadows: readonly ShadowVerdict[]): Markup {
  const columns: Column<ShadowVerdict>[] = [
    { head: 'build', align: 'text', cell: ({ build }) => build },
    {
      head: 'verdict',
      align: 'text',
      cell: ({ verdict }) => html`${stateGlyph(verdict === 'same' ? 'success' : 'failed', verdict, false)} ${verdict}`,
    },
    { head: 'rows', about: 'Stored ticks compared.', cell: ({ rows }) => formatNumber(rows) },
    { head: 'candles', about: 'Stored candles compared.', cell: ({ candles }) => formatNumber(candles) },
    { head: 'backtests', about: 'Backtests compared, every metric of them.', cell: ({ metrics }) => formatNumber(metrics) },
    { head: 'tried', align: 'text', cell: ({ at }) => formatTime(at) },
    { head: 'why', align: 'text', cell: ({ sentences }) => sentences[0] ?? 'nothing differs' },
  ];
  return table(columns, shadows.slice(0, 20), { id: 'shadows', caption: 'Builds compared on the data of this run' });
}
