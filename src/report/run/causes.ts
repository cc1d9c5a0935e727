import { formatRange, plural } from '../elements/format.ts';
import type { State } from '../elements/glyphs.ts';
import type { RunPageData } from '../page-data/run-page-data.ts';

/** One reason why a run is what it is. */
export interface RunCause {
  readonly state: State;
  readonly text: string;
}

/** Most lines of one kind; what is left out is counted. */
const MAX_OF_A_KIND = 8;

/**
 * Why the run ended as it did, most important first: failed tasks with type and message, what the run itself says, what only succeeded
 * after retries and the error before, what was not collected, what was skipped.
 */
export const causesOf = (data: RunPageData): readonly RunCause[] => {
  const tasks = Object.entries(data.result.taskResults);
  // A symbol that stands for its stages has all their attempts together.
  const symbols = new Set(data.config?.symbols.map(({ symbol }) => symbol));
  const failed = tasks
    .filter(([, task]) => task.status === 'failed')
    .map(([id, task]) => {
      const after = symbols.has(id) ? '' : ` after ${plural(task.attempts ?? 1, 'attempt')}`;
      return `${id} failed${after}: ${task.error?.type ?? 'Error'}: ${task.error?.message ?? 'no message'}`;
    });
  const said = new Set(failed);
  const known = (reason: string): boolean => tasks.some(([id, task]) => task.status === 'failed' && reason.startsWith(id));
  const reasons = data.result.reasons.filter((reason) => !said.has(reason) && !known(reason));
  const degraded = tasks
    .flatMap(([id, task]) => (task.degraded ?? []).map((reason) => `${id}: ${reason}`))
    .filter((line) => !reasons.some((reason) => line.endsWith(reason) || reason.includes(line)));
  const retried = tasks
    .filter(([id, task]) => task.status === 'success' && (task.attempts ?? 1) > 1 && !symbols.has(id))
    .map(([id, task]) => {
      const error = data.lastErrors[id];
      const why =
        error === undefined
          ? '; no error is known, its worker was lost or the database was away'
          : `, the last one because of ${error.type}: ${error.message}`;
      return `${id} succeeded after ${plural((task.attempts ?? 1) - 1, 'retry', 'retries')}${why}`;
    });
  const gaps = data.gaps.map((gap) => `${gap.symbol}: ${gap.instrument} was not collected ${formatRange(gap.from, gap.to)}`);
  return [
    ...capped('failed', failed, 'failed task'),
    ...capped(data.result.result === 'failed' ? 'failed' : 'degraded', reasons, 'reason'),
    ...capped('degraded', degraded, 'reason'),
    ...capped('degraded', gaps, 'gap'),
    ...capped('success', retried, 'retried task'),
    ...skipped(data),
  ];
};

const capped = (state: State, lines: readonly string[], word: string): readonly RunCause[] => {
  const shown = lines.length > MAX_OF_A_KIND ? lines.slice(0, MAX_OF_A_KIND - 1) : lines;
  const rest = lines.length - shown.length;
  return [...shown.map((text) => ({ state, text })), ...(rest === 0 ? [] : [{ state, text: `and ${plural(rest, `more ${word}`)}` }])];
};

const skipped = (data: RunPageData): readonly RunCause[] => {
  const roots = new Map<string, number>();
  for (const task of Object.values(data.result.taskResults)) {
    if (task.status !== 'skipped') continue;
    const root = task.skippedBecause ?? '';
    roots.set(root, (roots.get(root) ?? 0) + 1);
  }
  const lines = [...roots].map(([root, count]) => `${plural(count, 'task')} skipped${root === '' ? '' : ` because ${root} failed`}`);
  return capped('skipped', lines, 'cause');
};
