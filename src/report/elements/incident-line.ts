import type { Incident } from '../../contracts/incident.ts';
import { formatTime } from './format.ts';
import { html, type Markup } from './html.ts';
import { tip } from './tip.ts';

const CAUSE_SHOWN = 120;

/** The incidents in one line of a page's head, each with how long it lasts; nothing where there is none. */
export const incidentLine = (incidents: readonly Incident[] = []): Markup => {
  if (incidents.length === 0) return html``;
  const open = incidents.filter(({ closedAt }) => closedAt === null);
  const [shown] = open.length > 0 ? open : incidents;
  const since = `since ${formatTime(Date.parse(shown.openedAt))}`;
  const when = shown.closedAt === null ? since : `${since}, over at ${formatTime(Date.parse(shown.closedAt))}`;
  const cause = shown.cause.length > CAUSE_SHOWN ? `${shown.cause.slice(0, CAUSE_SHOWN)}…` : shown.cause;
  const count = open.length > 0 ? `${open.length} open` : `${incidents.length} closed`;
  return html`<span>incidents <b>${count}</b>: ${tip(`${shown.id} ${cause}`, when)}</span>`;
};
