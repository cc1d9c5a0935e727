import type { ScheduleView } from '../../contracts/run/schedule-view.ts';
import { formatAge, formatTime } from '../elements/format.ts';
import { html, type Markup, type Part } from '../elements/html.ts';
import { ACTION_SCRIPT, actionButton, actionStatus } from '../elements/live/actions.ts';
import { sitePage } from './site-page.ts';

/** The schedule as its page shows it, with the input of its runs without secrets. */
export type ScheduleOnPage = Omit<ScheduleView, 'input'> & { readonly input: unknown };

/**
 * The page of the schedule.
 * @param schedule `null` when there is none; a sentence when Temporal could not be queried
 */
export const renderSchedulePage = (
  schedule: ScheduleOnPage | string | null,
  { now, madeBy, control }: { readonly now: number; readonly madeBy: string; readonly control: boolean },
): string =>
  sitePage({
    title: 'Schedule · PredictLab',
    current: 'schedule',
    scripts: [ACTION_SCRIPT],
    body: schedule === null || typeof schedule === 'string' ? withoutSchedule(schedule) : withSchedule(schedule, now, control),
    footer: html`${madeBy} · times are UTC`,
  });

const withoutSchedule = (reason: string | null): Markup =>
  html`<header><div class="over"><span class="kind">Schedule</span><h1>${reason === null ? 'No schedule' : 'The schedule cannot be read'}</h1></div></header>
<main><p>${reason ?? html`<code>predictlab schedule create</code> runs everything that is enabled every four hours.`}</p></main>`;

const withSchedule = (schedule: ScheduleOnPage, now: number, control: boolean): Markup => {
  const { scheduleId, cron, timeZone, paused, note, nextRuns, lastRuns, input } = schedule;
  const [next] = nextRuns;
  return html`<header><div class="over"><span class="kind">Schedule</span><h1>${scheduleId}</h1><span style="font-size:16px" class="state ${paused ? 'degraded' : 'success'}">${paused ? '▲ paused' : '● active'}</span></div>
<p class="facts"><span><code>${cron}</code> ${timeZone}</span>${!paused && next !== undefined && html`<span>next run <b>${formatTime(Date.parse(next))}</b> in ${formatAge((Date.parse(next) - now) / 1000)}</span>`}${note !== null && html`<span>${note}</span>`}</p>${control && html`${scheduleControls({ paused })}${backfillControls(now)}${actionStatus}`}</header>
<main>${paused && html`<p class="causes warned">No run starts until <code>predictlab schedule resume</code>.</p>`}
<div class="halves"><section><h2>Next runs</h2>${list(
    nextRuns.map((time) => formatTime(Date.parse(time))),
    paused ? 'none while it is paused' : 'none',
  )}</section>
<section><h2>Last runs</h2>${list(
    lastRuns.map(({ runId, result }) => html`<a href="/runs/${encodeURIComponent(runId)}">${runId}</a> ${result}`),
    'none yet',
  )}</section></div>
<section><h2>Settings</h2><dl>${settings(schedule).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl></section>
<section><h2>Input of its runs</h2><pre>${JSON.stringify(input, null, 2)}</pre></section></main>`;
};

const list = (items: readonly Part[], empty: string): Markup =>
  items.length === 0 ? html`<p class="none">${empty}</p>` : html`<ul>${items.map((item) => html`<li>${item}</li>`)}</ul>`;

const settings = ({ overlap, catchupWindow, jitter, pauseOnFailure }: ScheduleOnPage): readonly (readonly [string, string])[] => [
  [
    'overlap',
    `${overlap}: a run that is due while the previous one is open ${overlap === 'SKIP' ? 'does not start' : 'follows this policy'}`,
  ],
  ['catch-up window', `${catchupWindow}: a firing missed for longer does not start`],
  ['jitter', jitter === null ? 'none' : `each firing is delayed by up to ${jitter}`],
  ['pause on failure', pauseOnFailure === 0 ? 'never' : `after ${pauseOnFailure} failed in a row`],
];

/** Buttons that start a run or steer the schedule. @param schedule null without a schedule, or while Temporal cannot be reached */
export const scheduleControls = (schedule: { readonly paused: boolean } | null): Markup => {
  const none = schedule === null ? 'there is no schedule; predictlab schedule create makes one' : undefined;
  return html`<p class="controls"><a href="/plan">Start a run …</a>
${actionButton({ label: 'Trigger the schedule', action: '/schedule/trigger', off: none, confirm: 'Press again to start a run' })}
${actionButton({ label: 'Pause the schedule', action: '/schedule/pause', off: none ?? (schedule?.paused === true ? 'the schedule is paused' : undefined) })}
${actionButton({ label: 'Resume the schedule', action: '/schedule/resume', off: none ?? (schedule?.paused === true ? undefined : 'the schedule is not paused') })}</p>`;
};

/** Inputs and button of a backfill of the schedule. @param now UTC epoch milliseconds; the inputs initially contain the day before it */
export const backfillControls = (now: number): Markup => {
  const day = (time: number): string => new Date(time).toISOString().slice(0, 10);
  return html`<p class="controls"><label>backfill from <input name="from" required pattern="\\d{4}-\\d\\d-\\d\\d(T\\d\\d:\\d\\dZ)?" value="${day(now - 86_400_000)}" title="2026-11-24 or 2026-11-24T08:00Z"></label> <label>to <input name="to" required pattern="\\d{4}-\\d\\d-\\d\\d(T\\d\\d:\\d\\dZ)?" value="${day(now)}" title="2026-11-24 or 2026-11-24T08:00Z"></label>
${actionButton({ label: 'Backfill', action: '/schedule/backfill', fields: 'from to', confirm: 'Press again to start these runs' })}</p>`;
};
