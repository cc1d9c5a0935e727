import type { RunResult, TaskStatus } from '../../contracts/words.ts';
import { DASH, formatNumber } from './format.ts';
import { html, type Markup, type Part } from './html.ts';

/** A state of a task, symbol or run. Pages show it as a shape and a word; colour only repeats them. */
export type State = TaskStatus | RunResult;

/** The character that shows each state as a shape. */
export const STATE_GLYPHS: Readonly<Record<State, string>> = {
  pending: '○',
  running: '◐',
  success: '●',
  failed: '✕',
  skipped: '⊘',
  cancelled: '■',
  degraded: '▲',
};

/** Abbreviations of the stages, for the heads of narrow columns. */
export const STAGE_LETTERS = { collect: 'C', clean: 'Cl', store: 'S', kline: 'K', backtest: 'B', visualize: 'V' } as const;

/** Content with an explanation, shown on hover and focus and read by screen readers. */
export const tip = (content: Part, explanation: string, focusable = true): Markup =>
  html`<span class="tip"${focusable && html` tabindex="0"`}>${content}<span class="tip-text"> ${explanation}</span></span>`;

/** A dash with the reason why there is no value. */
export const unknown = (reason: string): Markup => tip(html`<span class="dash">${DASH}</span>`, reason);

/** A Sharpe ratio with its standard error. */
export const withError = (value: number, error: number): Markup =>
  tip(
    html`${formatNumber(value, 2)} <span class="quiet">± ${formatNumber(error, 2)}</span>`,
    'standard error of the Sharpe ratio after the sign',
    false,
  );

/** A state as a shape, a word and a colour. */
export const stateMark = (state: State): Markup =>
  html`<span class="state ${state}"><span aria-hidden="true">${STATE_GLYPHS[state]}</span> ${state}</span>`;

/** A state as a shape, with an explanation for hover, focus and screen readers. */
export const stateGlyph = (state: State, explanation: string, focusable: boolean): Markup =>
  tip(html`<span class="state ${state}" aria-hidden="true">${STATE_GLYPHS[state]}</span>`, explanation, focusable);
