import { html, type Markup } from '../../elements/html.ts';
import { actionButton } from '../../elements/live/action-button.ts';
import { liveFrame } from '../../elements/live/live-frame.ts';
import type { RunOnPage } from '../run-data.ts';

/** The parts of a run's page that change while it is open. */
export type LivePart = 'head' | 'causes' | 'tasks' | 'time' | 'graph' | 'symbols' | 'custom-tasks' | 'stages' | 'controls';

/** Addresses on the server that serves a run's live page. */
export interface LiveAddresses {
  /** Server-Sent Events with the page's changes; `null` once the run has ended. */
  readonly events: string | null;
  /** A task's drawer; the encoded task id is appended. */
  readonly task: string;
  /** Whether the page has buttons that change the run. */
  readonly control: boolean;
}

/** The elements of a run's live page for its addresses and its drawer. */
export const liveRunFrame = (live: LiveAddresses): Markup =>
  html`${liveFrame(live.events, html` data-task="${live.task}"`)}
<aside id="drawer" hidden aria-label="Task"><button type="button" class="close">close</button><div id="drawer-content" tabindex="-1"></div></aside>`;

/** Buttons for the actions on a run; those that cannot work now are off and say why. */
export const controls = (result: RunOnPage): Markup => {
  const address = `/runs/${encodeURIComponent(result.runId)}`;
  const { failed, skipped } = result.statusBreakdown;
  const nothingFailed = failed + skipped === 0 ? 'no task has failed or was skipped' : undefined;
  if (result.finishedAt !== null)
    return html`<p class="controls">${actionButton({ label: 'Retry what failed', action: `${address}/retry`, off: result.result === 'success' ? 'every task succeeded' : undefined })}</p>`;
  return html`<p class="controls">${[
    actionButton({ label: 'Pause', action: `${address}/pause`, off: result.paused ? 'the run is paused' : undefined }),
    actionButton({ label: 'Resume', action: `${address}/resume`, off: result.paused ? undefined : 'the run is not paused' }),
    actionButton({ label: 'Retry failed', action: `${address}/retry`, off: nothingFailed }),
  ]}<label>slots <input type="number" name="value" min="1" max="1000" step="1" required value="${result.maxConcurrent}"></label>${actionButton({ label: 'Set', action: `${address}/slots`, fields: 'value' })}
${actionButton({ label: 'Cancel', action: `${address}/cancel`, confirm: 'Press again to cancel the run' })}</p>`;
};
