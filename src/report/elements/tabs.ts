import { html, type Markup, type Part } from './html.ts';

export interface TabsOptions {
  /** Name of the group of tabs, unique on the page. */
  readonly name: string;
  /** Title of the group of tabs for screen readers. */
  readonly legend: string;
  /** The tab that is open at first. @default 0 */
  readonly first?: number;
  /** Text at the end of the line of labels. */
  readonly note?: string;
}

/** At most 11 panels with a label each; the page shows the panel of the chosen label, without a script. */
export const tabs = (
  panels: readonly { readonly label: string; readonly content: Part }[],
  { name, legend, first = 0, note }: TabsOptions,
): Markup =>
  html`<fieldset class="tabs"><legend class="spoken">${legend}</legend>
${panels.map((_, i) => html`<input type="radio" name="${name}" id="${name}-${i}"${i === first && html` checked`}>`)}
<div class="labels">${panels.map(({ label }, i) => html`<label for="${name}-${i}">${label}</label>`)}${note !== undefined && html`<span class="quiet" style="margin-left:auto;min-width:0">${note}</span>`}</div>
<div class="panels">${panels.map(({ content }) => html`<div class="panel">${content}</div>`)}</div></fieldset>`;
