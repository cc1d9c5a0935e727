import { html, type Markup } from '../html.ts';

/** A part of a page that changes, under its name. */
export const livePart = (name: string, content: Markup): Markup => html`<div data-part="${name}">${content}</div>`;

/**
 * Where a live page hears what changed, and where it says that it cannot.
 *
 * @param events Server-Sent Events on the server that the page came from; `null` once nothing changes any more
 * @param more further attributes
 */
export const liveFrame = (events: string | null, more: Markup = html``): Markup =>
  html`<div id="live" hidden data-events="${events ?? ''}"${more}></div>
<p id="connection" role="status" class="quiet"></p>`;
