import type { PipelineResult, TaskError } from '../../contracts/run/pipeline-status.ts';
import { cutText } from '../../contracts/text/cut-text.ts';
import { oneLine } from '../../contracts/text/plain-text.ts';
import { STAGES, type Stage } from '../../contracts/words.ts';
import { causeOfDegraded, causeOfFailure, partsOfFailure, type RootCause } from './fingerprint.ts';
import type { Observation, Subject, Trouble } from './trouble.ts';

/** A task that has taken effect. Times are UTC epoch milliseconds. */
export interface DoneTask {
  readonly taskId: string;
  readonly symbol: string | null;
  readonly stage: Stage | null;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly degraded: readonly string[] | null;
  /** Announcements and unknown fields in answers of venues: `<venue> /markets: deprecation: true`. */
  readonly venueChanges?: readonly string[];
}

export interface EndedRun {
  readonly runId: string;
  readonly executionId: string;
  /** UTC epoch milliseconds; null for a run whose input was refused. */
  readonly asOf: number | null;
  /** Equal for runs of the same input, whatever their `asOf`; a retry has the line of the run that it retries. */
  readonly line: string;
  /** Whether other runs already had a later `asOf`: the run is a backfill, whose troubles are kept apart from today's. */
  readonly past: boolean;
  readonly sourceTypes: readonly string[];
  readonly symbols: readonly string[];
  readonly hadDeadline: boolean;
  readonly result: Pick<PipelineResult, 'result' | 'reasons' | 'taskResults'>;
  readonly tasks: readonly DoneTask[];
  /** UTC epoch milliseconds. */
  readonly endedAt: number;
}

/** `Subject.what` of a trouble with a run as a whole. */
export const WHOLE_RUN = 'run';
const CUSTOM_TASK = 'task';
const DEADLINE = 'deadline';
const VENUE_CHANGE = 'venue change';
const MAX_CAUSE_LENGTH = 300;
/** The line that counts the reasons of `degraded` that are not listed. */
const REST = /^and \d+ more\b/;

/**
 * The observation at the end of a run: the cause of each failed task and the reasons of each degraded task, without the tasks skipped or
 * cancelled because of them. A run that a user cancelled has no troubles.
 */
export function observationOf(run: EndedRun): Observation {
  const { runId, executionId, asOf, endedAt, sourceTypes } = run;
  const troubles = run.result.result === 'cancelled' ? [] : troublesOf(run);
  const looked = run.tasks.map(({ taskId, symbol, stage, startedAt }) => subjectOf({ taskId, symbol, stage, at: startedAt }));
  if (run.result.result !== 'cancelled') looked.push(wholeRun(run), ...(run.hadDeadline ? [deadlineOf(run)] : []));
  return { at: endedAt, run: { runId, executionId, asOf }, troubles, looked, venues: sourceTypes };
}

function troublesOf(run: EndedRun): readonly Trouble[] {
  const { result, tasks, past } = run;
  const known = new Set(run.symbols);
  const reached = new Map<string, number>();
  for (const { symbol, stage } of tasks) {
    if (symbol !== null && stage !== null) reached.set(symbol, Math.max(reached.get(symbol) ?? -1, STAGES.indexOf(stage)));
  }
  const troubles: Trouble[] = [];
  const add = (what: string, root: RootCause, cause: string, subject: Subject): void => {
    const when = past ? ' in a run as of the past' : '';
    troubles.push({
      fingerprint: past ? `${root.fingerprint} past` : root.fingerprint,
      cause: cutText(`${what}${when}: ${oneLine(cause)}`, MAX_CAUSE_LENGTH),
      venue: root.venue,
      subjects: [subject],
    });
  };

  for (const [id, task] of Object.entries(result.taskResults)) {
    if (task.status !== 'failed') continue;
    // The status of a large run names symbols only: the stage that failed is the one after those in the ledger.
    const named = stageOf(id);
    const symbol = named !== undefined ? id.slice(0, -named.length - 1) : known.has(id) ? id : null;
    const stage = named ?? (symbol === null ? null : (STAGES[(reached.get(symbol) ?? -1) + 1] ?? null));
    const error: TaskError = task.error ?? { type: 'Error', message: 'no message' };
    const taskId = symbol !== null && stage !== null ? `${symbol}/${stage}` : id;
    const what = stage ?? taskId;
    const at = endOf(task) ?? run.endedAt;
    for (const part of partsOfFailure(error))
      add(
        what,
        causeOfFailure(what, taskId, part, run.sourceTypes),
        `${part.type}: ${part.message}`,
        subjectOf({ taskId, symbol, stage, at }),
      );
  }
  for (const task of tasks) {
    for (const reason of task.degraded ?? []) {
      if (REST.test(reason)) continue;
      const what = task.stage ?? task.taskId;
      add(what, causeOfDegraded(what, task.taskId, reason, run.sourceTypes), reason, subjectOf({ ...task, at: task.finishedAt }));
    }
  }
  troubles.push(...tasks.flatMap(venueTroubles));
  const missed = run.hadDeadline ? result.reasons.find((reason) => reason.startsWith('the deadline ')) : undefined;
  if (missed !== undefined) troubles.push(deadlineTrouble({ ...run, at: run.endedAt, why: missed }));
  if (troubles.every(({ severity }) => severity === 'low') && result.result !== 'success') {
    const reason = result.reasons[0] ?? `the run is ${result.result}, and no task gives a reason`;
    add(WHOLE_RUN, causeOfDegraded(WHOLE_RUN, run.runId, reason, run.sourceTypes), reason, wholeRun(run));
  }
  return troubles;
}

/**
 * Changes of venues that a task met: one incident of low severity per venue and change, closed after a week without the change. No run
 * can see that a change is over, because it may not request the route.
 */
const venueTroubles = ({ venueChanges = [], finishedAt }: DoneTask): readonly Trouble[] =>
  venueChanges.map((change) => {
    const [venue = ''] = change.split(' ', 1);
    return {
      fingerprint: JSON.stringify([VENUE_CHANGE, change]),
      cause: cutText(`${VENUE_CHANGE} (no row is lost yet): ${oneLine(change)}`, MAX_CAUSE_LENGTH),
      severity: 'low',
      venue,
      subjects: [{ what: VENUE_CHANGE, subject: venue, isSymbol: false, at: finishedAt }],
    };
  });

/** The trouble of a run that has missed its deadline or is expected to; one incident for all runs of a line. */
export function deadlineTrouble({ line, at, why }: { readonly line: string; readonly at: number; readonly why: string }): Trouble {
  const subject = { what: DEADLINE, subject: line, isSymbol: false, at };
  return { fingerprint: JSON.stringify([DEADLINE, line]), cause: `deadline: ${why}`, venue: null, subjects: [subject] };
}

const deadlineOf = ({ line, endedAt }: EndedRun): Subject => ({ what: DEADLINE, subject: line, isSymbol: false, at: endedAt });

const wholeRun = ({ line, endedAt }: EndedRun): Subject => ({ what: WHOLE_RUN, subject: line, isSymbol: false, at: endedAt });

const subjectOf = ({ taskId, symbol, stage, at }: Pick<DoneTask, 'taskId' | 'symbol' | 'stage'> & { readonly at: number }): Subject =>
  symbol !== null && stage !== null
    ? { what: stage, subject: symbol, isSymbol: true, at }
    : { what: CUSTOM_TASK, subject: taskId, isSymbol: false, at };

const stageOf = (taskId: string): Stage | undefined => STAGES.find((stage) => taskId.endsWith(`/${stage}`));

const endOf = ({ startedAt, durationSeconds }: { startedAt?: string | null; durationSeconds?: number | null }): number | undefined =>
  startedAt === null || startedAt === undefined ? undefined : Date.parse(startedAt) + 1000 * (durationSeconds ?? 0);
