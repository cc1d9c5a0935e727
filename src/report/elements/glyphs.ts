import type { RunResult, TaskStatus } from '../../contracts/words.ts';

/** A state of a task, symbol or run. Pages show it as a shape and a word; colour only repeats them. */
export type State = TaskStatus | RunResult;

/** The shape of each state. */
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
