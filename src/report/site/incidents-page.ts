import type { AlertDelivery, Incident } from '../../contracts/incident.ts';
import { formatDuration, formatTime, plural } from '../elements/format.ts';
import { html, type Markup } from '../elements/html.ts';
import { type Column, table } from '../elements/table.ts';
import { sitePage } from './site-page.ts';

/** An incident with the delivery of its alerts, oldest alert first. */
export interface IncidentRow extends Incident {
  readonly deliveries: readonly AlertDelivery[];
}

const MAX_NAMES = 5;

/** The page of open and closed incidents. @param now UTC epoch milliseconds */
export const renderIncidentsPage = (
  rows: readonly IncidentRow[],
  { now, madeBy }: { readonly now: number; readonly madeBy: string },
): string => {
  const open = rows.filter(({ closedAt }) => closedAt === null);
  const closed = rows.filter(({ closedAt }) => closedAt !== null);
  return sitePage({
    title: `${open.length} open: incidents`,
    current: 'incidents',
    isWide: true,
    body: html`<header><div class="over"><span class="kind">Incidents</span><h1>${plural(open.length, 'open incident')}</h1></div>
<p class="facts"><span>as of <b>${formatTime(now, 'second')}</b></span><span>an incident closes when all of its symbols are well again; <code>predictlab incidents close &lt;id&gt;</code> closes one by hand</span></p></header>
<main><section><h2>Open</h2>${table(columnsAt(now), open, { id: 'open', caption: 'Open incidents', className: 'wide', empty: 'no open incident' })}</section>
<section><h2>Closed</h2>${table(columnsAt(now), closed, { id: 'closed', caption: 'Closed incidents, newest first', className: 'wide', empty: 'no closed incident' })}</section></main>`,
    footer: html`${madeBy} · times are UTC`,
  });
};

const columnsAt = (now: number): readonly Column<IncidentRow>[] => [
  { head: 'incident', align: 'text', sortBy: ({ id }) => Number(id), cell: ({ id }) => html`<span id="incident-${id}">#${id}</span>` },
  { head: 'cause', align: 'text', sortBy: ({ cause }) => cause, cell: ({ cause }) => html`<span class="cause">${cause}</span>` },
  { head: 'symbols', align: 'text', sortBy: ({ symbols }) => symbols.length, cell: ({ symbols }) => names(symbols, '/symbols/') },
  { head: 'runs', align: 'text', sortBy: ({ runs }) => runs.length, cell: ({ runs }) => names(runs.toReversed(), '/runs/') },
  {
    head: 'since',
    align: 'text',
    sortBy: ({ openedAt }) => Date.parse(openedAt),
    cell: ({ openedAt }) => formatTime(Date.parse(openedAt)),
  },
  {
    head: 'lasted',
    sortBy: ({ openedAt, closedAt }) => (closedAt === null ? now : Date.parse(closedAt)) - Date.parse(openedAt),
    cell: ({ openedAt, closedAt }) => formatDuration(((closedAt === null ? now : Date.parse(closedAt)) - Date.parse(openedAt)) / 1000),
  },
  { head: 'alerts', align: 'text', cell: ({ deliveries }) => alerts(deliveries) },
];

const names = (all: readonly string[], address: string): Markup =>
  all.length === 0
    ? html`–`
    : html`${all.slice(0, MAX_NAMES).map((name, i) => html`${i > 0 && html`<br>`}<a href="${address}${encodeURIComponent(name)}">${name}</a>`)}${all.length > MAX_NAMES && html`<br>and ${all.length - MAX_NAMES} more`}`;

const alerts = (deliveries: readonly AlertDelivery[]): Markup =>
  deliveries.length === 0
    ? html`<span class="quiet">no sink was configured</span>`
    : html`${deliveries.map(({ event, sink, deliveredAt, attempts, error }) => html`<div>${event} → ${sink} ${deliveredAt === null ? html`<span class="down">waiting${attempts > 0 && `, ${plural(attempts, 'attempt')}`}${error !== null && `: ${error}`}</span>` : html`<span class="quiet">${formatTime(deliveredAt)}</span>`}</div>`)}`;
