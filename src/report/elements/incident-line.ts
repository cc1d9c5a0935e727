import type { Incident } from '../../contracts/incident.ts';
import { cutAtWord } from '../../contracts/text/cut-text.ts';
import { formatTime, plural } from './format.ts';
import { html, type Markup } from './html.ts';
import { tip } from './tip.ts';

const MAX_CAUSE_LENGTH = 160;
/** Maximum number of incidents that a page's head names; further ones are only counted. */
const MAX_NAMED = 10;

/**
 * The incidents in a page's head, each with its cause and time; empty without incidents.
 * @param isLive whether a server serves the page, so that it can link to the page of incidents
 * @param stated causes that the page states further below, which the head does not repeat
 */
export const incidentLine = (incidents: readonly Incident[] = [], isLive = false, stated: readonly string[] = []): Markup => {
  if (incidents.length === 0) return html``;
  const open = incidents.filter(({ closedAt }) => closedAt === null);
  const listed = [...open, ...incidents.filter(({ closedAt }) => closedAt !== null)];
  const count = html`<b>${open.length > 0 ? `${plural(open.length, 'incident')} open` : `${plural(incidents.length, 'incident')}, closed since`}</b>`;
  const rest = listed.length - MAX_NAMED;
  return html`<span class="incidents">▲ ${isLive ? html`<a href="/incidents">${count}</a>` : count}: ${listed.slice(0, MAX_NAMED).map((one, i) => html`${i > 0 && '; '}${named(one, stated)}`)}${rest > 0 && ` and ${plural(rest, 'more incident')}`}</span>`;
};

const named = ({ id, cause, openedAt, closedAt }: Incident, stated: readonly string[]): Markup => {
  const since = `since ${formatTime(Date.parse(openedAt))}`;
  const when = closedAt === null ? since : `${since}, closed ${formatTime(Date.parse(closedAt))}`;
  const withoutStage = cause.slice(cause.indexOf(': ') + 1).trim();
  const text = stated.some((one) => one.includes(withoutStage)) ? 'stated below' : cutAtWord(cause, MAX_CAUSE_LENGTH);
  return html`${tip(text, `incident ${id}, ${when}: ${cause}`)} <span class="quiet">(${when})</span>`;
};
