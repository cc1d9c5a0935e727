import { html, type Markup } from '../elements/html.ts';
import { actionButton } from '../elements/live/action-button.ts';

/** Buttons that start a run or steer the schedule. @param schedule null without a schedule, or while Temporal cannot be reached */
export const scheduleControls = (schedule: { readonly paused: boolean } | null): Markup => {
  const none = schedule === null ? 'there is no schedule; predictlab schedule create makes one' : undefined;
  return html`<p class="controls"><a href="/plan">Start a run …</a>
${actionButton({ label: 'Trigger the schedule', action: '/schedule/trigger', off: none, confirm: 'Press again to start a run' })}
${actionButton({ label: 'Pause the schedule', action: '/schedule/pause', off: none ?? (schedule?.paused === true ? 'the schedule is paused' : undefined) })}
${actionButton({ label: 'Resume the schedule', action: '/schedule/resume', off: none ?? (schedule?.paused === true ? undefined : 'the schedule is not paused') })}</p>`;
};

/** Inputs and button of a backfill of the schedule. @param now UTC epoch milliseconds; the day before it is filled in */
export const backfillControls = (now: number): Markup => {
  const day = (time: number): string => new Date(time).toISOString().slice(0, 10);
  return html`<p class="controls"><label>backfill from <input name="from" required pattern="\\d{4}-\\d\\d-\\d\\d(T\\d\\d:\\d\\dZ)?" value="${day(now - 86_400_000)}" title="2026-11-24 or 2026-11-24T08:00Z"></label> <label>to <input name="to" required pattern="\\d{4}-\\d\\d-\\d\\d(T\\d\\d:\\d\\dZ)?" value="${day(now)}" title="2026-11-24 or 2026-11-24T08:00Z"></label>
${actionButton({ label: 'Backfill', action: '/schedule/backfill', fields: 'from to', confirm: 'Press again to start these runs' })}</p>`;
};
