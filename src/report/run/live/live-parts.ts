import { html, type Markup } from '../../elements/html.ts';
import { liveFrame } from '../../elements/live/live-frame.ts';
import type { RunOnPage } from '../run-data.ts';

/** The parts of a run's page that change while it is open. */
export type LivePart = 'head' | 'causes' | 'tasks' | 'time' | 'graph' | 'symbols' | 'custom-tasks' | 'stages';

/** Addresses on the server that serves a run's live page. */
export interface LiveAddresses {
  /** Server-Sent Events with the page's changes; `null` once the run has ended. */
  readonly events: string | null;
  /** A task's drawer; the encoded task id is appended. */
  readonly task: string;
  /** Address of the actions; an action's name is appended. */
  readonly actions: string;
  /** Whether the page has buttons that change the run. */
  readonly control: boolean;
}

/** The elements of a run's live page for its addresses and its drawer. */
export const liveRunFrame = (live: LiveAddresses): Markup =>
  html`${liveFrame(live.events, html` data-task="${live.task}" data-actions="${live.actions}"`)}
<aside id="drawer" hidden aria-label="Task"><button type="button" class="close">close</button><div id="drawer-content" tabindex="-1"></div></aside>`;

/** Buttons for the actions that the run allows. */
export const controls = (result: RunOnPage): Markup => {
  const actions =
    result.finishedAt === null
      ? ([
          ['pause', 'Pause'],
          ['resume', 'Resume'],
          ['retry', 'Retry failed'],
          ['cancel', 'Cancel'],
        ] as const)
      : result.result === 'success'
        ? []
        : ([['retry', 'Retry what failed']] as const);
  const setSlots = html`<label>slots <input type="number" name="slots" min="1" max="1000" value="${result.maxConcurrent}"></label><button type="button" data-action="slots">Set</button>`;
  return html`<p class="controls">${actions.map(([action, label]) => html`<button type="button" data-action="${action}">${label}</button>`)}${result.finishedAt === null && setSlots}<span id="acted" role="status"></span></p>`;
};
