import type { RunResult, TaskStatus } from '../../contracts/words.ts';

/** Every state a reader meets carries a shape and a word; colour only repeats them. */
export type State = TaskStatus | RunResult;

/** The shape of each state: states are never told by colour alone. */
export const STATE_GLYPHS: Readonly<Record<State, string>> = {
  pending: '○',
  running: '◐',
  success: '●',
  failed: '✕',
  skipped: '⊘',
  cancelled: '■',
  degraded: '▲',
};

/** Column heads of the six stages, narrow enough for a grid. */
export const STAGE_LETTERS = { collect: 'C', clean: 'Cl', store: 'S', kline: 'K', backtest: 'B', visualize: 'V' } as const;
