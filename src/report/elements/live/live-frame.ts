import { html, type Markup } from '../html.ts';

/** A named part of a page that changes. */
export const livePart = (name: string, content: Markup): Markup => html`<div data-part="${name}">${content}</div>`;

/**
 * The element that holds a live page's addresses, and the line that reports a lost connection.
 *
 * @param events address of the Server-Sent Events; `null` once nothing changes any more
 * @param more further attributes
 */
export const liveFrame = (events: string | null, more: Markup = html``): Markup =>
  html`<div id="live" hidden data-events="${events ?? ''}"${more}></div>
<p id="connection" role="status" class="quiet"></p>`;
