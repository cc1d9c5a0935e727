import { groupedBy } from '../../../contracts/grouped-by.ts';
import type { Json } from '../../../contracts/run/pipeline-input.ts';
import type { TaskResult } from '../../../contracts/run/pipeline-status.ts';
import { sentencesIn, textsIn, valueIn } from '../../../contracts/task/task-output.ts';
import { cutAtWord } from '../../../contracts/text/cut-text.ts';
import { formatNumber, formatPercent, formatRange, plural } from '../../elements/format.ts';
import type { State } from '../../elements/tip.ts';
import type { RunPageData } from '../run-data.ts';
import { fingerprint, rootCauses, type SharedFailure } from './root-causes.ts';

export interface RunCause {
  readonly state: State;
  readonly text: string;
}

/** Maximum number of lines of one kind; further lines are only counted. */
const MAX_OF_A_KIND = 8;

/**
 * The reasons for a run's result, most important first: failed tasks by root cause, the run's own reasons, gaps, successes only after
 * retries, refused requests, skipped tasks.
 */
export const causesOf = (data: RunPageData): readonly RunCause[] => {
  const tasks = Object.entries(data.result.taskResults);
  // The status of a large run lists symbols instead of stages: a symbol's attempts are the sum over its stages, not retries.
  const symbols = new Set(data.config?.symbols.map(({ symbol }) => symbol));
  const roots = rootCauses(data.result.taskResults, symbols);
  const failed = roots.map((root) => describeRoot(root, symbols));
  const listed = new Set(failed);
  const isListed = (reason: string): boolean => tasks.some(([id, task]) => task.status === 'failed' && reason.startsWith(id));
  const own = data.result.reasons.filter((reason) => !listed.has(reason) && !isListed(reason));
  const cancelled = own.filter((reason) => data.result.result === 'cancelled' && /^cancelled(: |$)/.test(reason));
  const reasons = own.filter((reason) => !cancelled.includes(reason));
  const degraded = sharedReasons(
    tasks
      .flatMap(([id, task]) => (task.degraded ?? []).map((why) => ({ id, why })))
      // Leaves out what the run's own reasons already say; one of these covers several tasks: "A and 2 more: why".
      .filter(
        ({ id, why }) =>
          !reasons.some((reason) => `${id}: ${why}`.endsWith(reason) || reason.endsWith(`: ${why}`) || reason.includes(`${id}: ${why}`)),
      ),
  );
  const listedLines = [...failed, ...reasons, ...degraded];
  const failedSource = (source: string): boolean => listedLines.some((line) => line.includes(`${source} failed (`));
  const retried = tasks
    .filter(([id, task]) => task.status === 'success' && (task.attempts ?? 1) > 1 && !symbols.has(id))
    .map(([id, task]) => {
      const error = data.lastErrors[id];
      const why =
        error === undefined
          ? '; no error is known: its worker was lost, or the database was away'
          : `, the last one because of ${error.type}: ${error.message}`;
      return `${id} succeeded after ${plural((task.attempts ?? 1) - 1, 'retry', 'retries')}${why}`;
    });
  const gaps = data.gaps.map((gap) => `${gap.symbol}: ${gap.instrument} was not collected ${formatRange(gap.from, gap.to)}`);
  return [
    ...capped('failed', failed, 'failed task'),
    ...cancelled.map((reason): RunCause => ({ state: 'cancelled', text: reason.slice('cancelled: '.length) || 'before its end' })),
    ...capped(data.result.result === 'failed' ? 'failed' : 'degraded', reasons, 'reason'),
    ...capped('degraded', degraded, 'reason'),
    ...capped('degraded', failedSources(data, failedSource), 'failed source'),
    ...capped('degraded', gaps, 'gap'),
    ...capped('success', retried, 'retried task'),
    ...capped('success', refusedRequests(data.result.taskResults, failedSource), 'host'),
    ...venueChanges(data).map((text): RunCause => ({ state: 'success', text })),
    ...skipped(data, new Set(roots.filter(({ taskIds }) => taskIds.length > 1).flatMap(({ taskIds }) => taskIds))),
  ];
};

/** Maximum number of symbols that a cause names; the grid shows all. */
const MAX_NAMES = 5;

/** One line per root cause: a single task as it is, several tasks together with the number of tasks skipped because of them. */
const describeRoot = (root: SharedFailure, symbols: ReadonlySet<string>): string => {
  const [first] = root.taskIds;
  const after = symbols.has(first) ? '' : ` after ${plural(root.attempts, 'attempt')}`;
  const why = `${root.type}: ${cutAtWord(root.message, MAX_MESSAGE_LENGTH)}`;
  if (root.taskIds.length === 1) return `${first} failed${after}: ${why}`;
  const failing = new Set(root.taskIds.map((taskId) => (taskId.includes('/') ? taskId.slice(0, taskId.lastIndexOf('/')) : taskId)));
  // Restores the run's order of symbols, which the database does not keep.
  const names = [...new Set([...[...symbols].filter((symbol) => failing.has(symbol)), ...failing])].slice(0, MAX_NAMES);
  const more = root.taskIds.length > names.length ? ', …' : '';
  const took = root.skipped === 0 ? '' : `; ${plural(root.skipped, 'task')} skipped with them`;
  return `${root.what} failed for ${plural(root.taskIds.length, 'symbol')} (${names.join(', ')}${more})${after}: ${why}${took}`;
};

const capped = (state: State, lines: readonly string[], word: string): readonly RunCause[] => {
  const shown = lines.length > MAX_OF_A_KIND ? lines.slice(0, MAX_OF_A_KIND - 1) : lines;
  const rest = lines.length - shown.length;
  return [...shown.map((text) => ({ state, text })), ...(rest === 0 ? [] : [{ state, text: `and ${plural(rest, `more ${word}`)}` }])];
};

/** Maximum number of characters of a cause's message; the task's drawer shows all of it. */
const MAX_MESSAGE_LENGTH = 400;

/** One line per reason that several tasks share. */
const sharedReasons = (all: readonly { readonly id: string; readonly why: string }[]): readonly string[] => {
  const groups = groupedBy(all, ({ id, why }) => fingerprint(id, { type: 'degraded', message: why }));
  return [...groups.values()].map((group) => {
    const names = group.slice(0, MAX_NAMES).map(({ id }) => id);
    const more = group.length - names.length;
    return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}: ${cutAtWord(group[0].why, MAX_MESSAGE_LENGTH)}`;
  });
};

/** The failed sources, one line each. @param isListed whether another line already names the source's failure */
const failedSources = (data: RunPageData, isListed: (source: string) => boolean): readonly string[] => {
  const sources = new Map<string, { symbols: number; first: string }>();
  for (const [id, task] of Object.entries(data.result.taskResults)) {
    for (const [source, why] of Object.entries(sentencesIn(task.output, 'failedSources'))) {
      const known = sources.get(source);
      if (known !== undefined) known.symbols++;
      else sources.set(source, { symbols: 1, first: `${id}: ${why}` });
    }
  }
  return [...sources]
    .filter(([source]) => !isListed(source))
    .map(([source, { symbols, first }]) => `${source} failed for ${plural(symbols, 'symbol')}, first for ${first}`);
};

/** Maximum number of changes listed per venue. */
const MAX_CHANGES = 3;

/** What venues changed or announced while the run collected, one line per venue. */
const venueChanges = (data: RunPageData): readonly string[] => {
  const byVenue = new Map<string, Set<string>>();
  for (const { output } of Object.values(data.result.taskResults)) {
    for (const change of textsIn(output, 'venueChanges')) {
      const [venue = ''] = change.split(' ', 1);
      byVenue.set(venue, (byVenue.get(venue) ?? new Set()).add(cutAtWord(change.slice(venue.length + 1), MAX_MESSAGE_LENGTH)));
    }
  }
  return [...byVenue]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([venue, changes]) => {
      const rest = changes.size - MAX_CHANGES;
      const named = [...changes].sort().slice(0, MAX_CHANGES).join('; ');
      return `${venue} has changed, and no row is lost yet: ${named}${rest > 0 ? `; and ${rest} more` : ''}; "predictlab probe ${venue}" says what it means`;
    });
};

/** Skipped tasks by the failure that caused them. @param listed failures whose skipped tasks are listed already */
const skipped = (data: RunPageData, listed: ReadonlySet<string>): readonly RunCause[] => {
  const roots = new Map<string, number>();
  for (const task of Object.values(data.result.taskResults)) {
    if (task.status !== 'skipped') continue;
    const root = task.skippedBecause ?? '';
    if (listed.has(root)) continue;
    roots.set(root, (roots.get(root) ?? 0) + 1);
  }
  const lines = [...roots].map(([root, count]) => `${plural(count, 'task')} skipped${root === '' ? '' : ` because ${root} failed`}`);
  return capped('skipped', lines, 'cause');
};

const GOOD = /^2\d\d$/;

/**
 * How many requests of `collect` tasks failed, per host: `<venue>/<host>: 50 % of 214 requests for 3 symbols failed and were repeated or
 * given up: 107 answered 503`.
 * @param tasks the run's tasks; the output of those with failed requests has `answers` @param isListed whether another line already names
 *   the source's failure
 */
export function refusedRequests(
  tasks: Readonly<Record<string, TaskResult>>,
  isListed: (source: string) => boolean = () => false,
): readonly string[] {
  const hosts = new Map<string, { total: number; symbols: number; bad: Map<string, number> }>();
  for (const { output } of Object.values(tasks)) {
    for (const [host, byStatus] of entriesOf(valueIn(output, 'answers'))) {
      const sums = hosts.get(host) ?? { total: 0, symbols: 0, bad: new Map<string, number>() };
      hosts.set(host, sums);
      sums.symbols++;
      for (const [status, count] of entriesOf(byStatus)) {
        if (typeof count !== 'number') continue;
        sums.total += count;
        if (!GOOD.test(status)) sums.bad.set(status, (sums.bad.get(status) ?? 0) + count);
      }
    }
  }
  return [...hosts]
    .filter(([host, { bad }]) => bad.size > 0 && !isListed(host.split('/')[0]))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([host, { total, symbols, bad }]) => {
      const failed = [...bad.values()].reduce((sum, count) => sum + count, 0);
      const kinds = [...bad]
        .sort((a, b) => b[1] - a[1])
        .map(([status, count]) => `${formatNumber(count)} ${status === 'none' ? 'without an answer' : `answered ${status}`}`);
      return `${host}: ${formatPercent(failed / total, 0)} of ${formatNumber(total)} requests for ${plural(symbols, 'symbol')} failed and were repeated or given up: ${kinds.join(', ')}`;
    });
}

const entriesOf = (value: Json | undefined): readonly (readonly [string, Json])[] =>
  value !== null && typeof value === 'object' && !Array.isArray(value) ? Object.entries(value) : [];
