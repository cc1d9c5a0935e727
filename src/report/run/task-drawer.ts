import type { TaskResult } from '../../contracts/run/pipeline-status.ts';
import type { PastAttempt } from '../../contracts/task/stage-report.ts';
import { formatDuration, formatTime, plural } from '../elements/format.ts';
import { html, type Markup, webLink } from '../elements/html.ts';
import { stateMark } from '../elements/tip.ts';
import { taskButton, taskState } from './task-grid.ts';
import { attemptEnd } from './time/path-times.ts';

export interface DrawerLine {
  /** Time of the log line, ISO 8601, UTC. */
  readonly time: string;
  readonly level: string;
  readonly attempt: number;
  readonly message: string;
  /** The remaining fields of the log line, as text. */
  readonly fields: string;
}

export interface DrawerData {
  readonly taskId: string;
  readonly task: TaskResult;
  /** What the task waits for, or why it was skipped or failed; `null` where that is not known. */
  readonly why: string | null;
  readonly next: { readonly attempt: number; readonly retryAt: number | null; readonly lastFailure: string | null } | null;
  /** The last failed attempts of the task, oldest first. */
  readonly past: readonly PastAttempt[];
  /** The stages of a symbol that the run's status lists only as a whole, by task id. */
  readonly stages: Readonly<Record<string, TaskResult>>;
  readonly lines: readonly DrawerLine[];
  /** Number of all log lines of the task, also those that `lines` leaves out. */
  readonly lineCount: number;
  readonly temporalUrl: string | null;
}

/** A task's drawer: state, attempts with their errors and waits, log lines, and the link to Temporal's UI. */
export const taskDrawer = ({ taskId, task, why, next, past, stages, lines, lineCount, temporalUrl }: DrawerData): Markup => {
  const facts: readonly (readonly [string, string | null])[] = [
    ['started', task.startedAt ? formatTime(Date.parse(task.startedAt), 'second') : null],
    ['took', task.durationSeconds === null || task.durationSeconds === undefined ? null : formatDuration(task.durationSeconds)],
    ['attempts', task.attempts === undefined ? null : String(task.attempts)],
    ['next attempt', next === null ? null : `${next.attempt}${next.retryAt === null ? '' : `, at ${formatTime(next.retryAt, 'second')}`}`],
    ['last failure', next?.lastFailure ?? null],
    ['skipped because of', task.skippedBecause ?? null],
    ['output', task.output === undefined || task.output === null ? null : JSON.stringify(task.output)],
  ];
  const shown =
    lines.length < lineCount
      ? html`<p class="quiet">the last ${lines.length} of ${plural(lineCount, 'line')}; <code>predictlab logs</code> prints all</p>`
      : html``;
  return html`<h2 class="plain">${taskId}</h2><p>${stateMark(taskState(task))}</p>
${why !== null && html`<p>${why}</p>`}
${(task.degraded ?? []).map((reason) => html`<p>${stateMark('degraded')} ${reason}</p>`)}
<dl>${facts.map(([name, value]) => value !== null && html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
${task.error !== null && task.error !== undefined && html`<h3>${task.error.type}</h3><p>${task.error.message}</p>${task.error.stack !== undefined && html`<details><summary>stack</summary><pre>${task.error.stack}</pre></details>`}`}
${Object.keys(stages).length > 0 && html`<h3>Stages</h3><ul class="log">${Object.entries(stages).map(([id, stage]) => html`<li>${taskButton(id, html`${stateMark(taskState(stage))} ${id}`, true)}</li>`)}</ul>`}
${past.length > 0 && html`<h3>Attempts that failed</h3><ol class="log">${past.map(pastAttempt)}</ol>`}
<h3>Log</h3>${shown}${lines.length === 0 ? html`<p class="none">no lines of this task are kept on this machine</p>` : html`<ol class="log">${lines.map(line)}</ol>`}
${temporalUrl !== null && html`<p>${webLink(temporalUrl, "this task's workflow in Temporal's UI")}</p>`}`;
};

const pastAttempt = (one: PastAttempt): Markup =>
  html`<li><span class="quiet">${formatTime(one.to, 'second')}</span> ${attemptEnd(one)}${one.to > one.from && html`, after ${formatDuration((one.to - one.from) / 1000)}`}${one.next !== null && html`; the next one at ${formatTime(one.next, 'second')}`}</li>\n`;

const line = ({ time, level, attempt, message, fields }: DrawerLine): Markup =>
  html`<li class="${['warn', 'error'].includes(level) ? level : 'plain'}"><span class="quiet">${time.slice(11)} ${attempt}</span> ${message}${fields !== '' && html` <span class="quiet">${fields}</span>`}</li>\n`;
