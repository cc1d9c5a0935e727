import type { PlannedTask } from '../../contracts/run/pipeline-status.ts';
import { formatTime, plural } from '../elements/format.ts';
import { html } from '../elements/html.ts';
import { ACTION_SCRIPT, actionButton, actionStatus } from '../elements/live/actions.ts';
import { type Column, table } from '../elements/table.ts';
import { sitePage } from '../site/site-page.ts';

/** Maximum number of tasks on the page; `predictlab plan` prints all. */
const MAX_ROWS = 1_000;

const COLUMNS: readonly Column<PlannedTask>[] = [
  { head: 'task', align: 'text', sortBy: (task) => task.taskId, cell: (task) => task.taskId },
  { head: 'does', align: 'text', sortBy: (task) => task.action, cell: (task) => task.action },
  { head: 'priority', about: '1 goes first, 5 last.', sortBy: (task) => task.priority, cell: (task) => task.priority },
  { head: 'critical', align: 'text', cell: (task) => (task.critical ? 'critical' : '') },
  { head: 'waits for', align: 'text', cell: (task) => task.dependencies.join(', ') },
  { head: 'why', align: 'text', cell: (task) => task.reason },
];

/** The page of the next run's tasks, in execution order. @param now UTC epoch milliseconds */
export const renderPlanPage = (
  tasks: readonly PlannedTask[],
  { now, madeBy, control = false }: { readonly now: number; readonly madeBy: string; readonly control?: boolean },
): string =>
  sitePage({
    title: 'Plan of the next run',
    current: 'plan',
    scripts: [ACTION_SCRIPT],
    body: html`<header><div class="over"><span class="kind">Plan</span><h1>The next run</h1></div>
<p class="facts"><span>${plural(tasks.length, 'task')} in execution order</span><span>as of <b>${formatTime(now, 'second')}</b></span></p>${control && html`<p class="controls">${actionButton({ label: 'Start this run', action: '/runs', off: tasks.length === 0 ? 'there is no task to run' : undefined, confirm: `Press again to start ${plural(tasks.length, 'task')}` })}</p>${actionStatus}`}</header>
<main>${table(COLUMNS, tasks.slice(0, MAX_ROWS), { id: 'plan', caption: 'Tasks of the next run', empty: 'no symbol is enabled and there are no custom tasks' })}
${tasks.length > MAX_ROWS && html`<p class="quiet">${MAX_ROWS} of ${plural(tasks.length, 'task')}; <code>predictlab plan</code> has all.</p>`}</main>`,
    footer: html`${madeBy} · times are UTC`,
  });
