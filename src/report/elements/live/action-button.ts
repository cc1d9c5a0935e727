import { html, type Markup } from '../html.ts';

export interface ActionButton {
  readonly label: string;
  /** The address that the button posts to. */
  readonly action: string;
  /** Why the button cannot work now: it is off and shows the reason. @default it works */
  readonly off?: string | undefined;
  /** Text that asks before the button acts. @default it acts at once */
  readonly confirm?: string;
  /** Names of the inputs in the same group whose values are sent, separated by spaces. @default none */
  readonly fields?: string;
}

/** A button that changes something; `ACTION_SCRIPT` posts it. */
export const actionButton = ({ label, action, off, confirm, fields }: ActionButton): Markup =>
  html`<button type="button" data-action="${action}"${off !== undefined && html` disabled title="${off}"`}${confirm !== undefined && html` data-confirm="${confirm}"`}${fields !== undefined && html` data-fields="${fields}"`}>${label}</button>`;

/** The line in which a page reports what an action did. */
export const actionStatus: Markup = html`<p id="acted" role="status"></p>`;
