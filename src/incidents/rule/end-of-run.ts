import type { ErrorType } from '../../contracts/errors.ts';
import type { PipelineResult, TaskError } from '../../contracts/run/pipeline-status.ts';
import { cutText } from '../../contracts/text/cut-text.ts';
import { generalText } from '../../contracts/text/general-text.ts';
import { oneLine } from '../../contracts/text/plain-text.ts';
import { type SourceType, STAGES, type Stage } from '../../contracts/words.ts';
import type { Observation, Subject, Trouble } from './trouble.ts';

/** A task that has taken effect. Times are UTC epoch milliseconds. */
export interface DoneTask {
  readonly taskId: string;
  readonly symbol: string | null;
  readonly stage: Stage | null;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly degraded: readonly string[] | null;
  /** Notices and unknown fields in answers of venues, such as `<venue> /markets: deprecation: true`. */
  readonly venueChanges?: readonly string[];
}

export interface EndedRun {
  readonly runId: string;
  readonly executionId: string;
  /** UTC epoch milliseconds; null for a run whose input was refused. */
  readonly asOf: number | null;
  /** Identifies the line of the run: all runs of the same input, whatever their `asOf`, and their retries. */
  readonly line: string;
  /** Whether another run already had a later `asOf`. The troubles of such a backfill get incidents of their own. */
  readonly past: boolean;
  readonly sourceTypes: readonly string[];
  readonly symbols: readonly string[];
  readonly hadDeadline: boolean;
  readonly result: Pick<PipelineResult, 'result' | 'reasons' | 'taskResults'>;
  readonly tasks: readonly DoneTask[];
  /** UTC epoch milliseconds. */
  readonly endedAt: number;
}

/** `Subject.what` of a run as a whole, for troubles that no single task has. */
export const WHOLE_RUN = 'run';
const CUSTOM_TASK = 'task';
const DEADLINE = 'deadline';
const VENUE_CHANGE = 'venue change';
const MAX_CAUSE_LENGTH = 300;
/** Matches the last entry of a shortened list of reasons, which only counts the others. */
const REST = /^and \d+ more\b/;

/**
 * The observation at the end of a run: the cause of each failed task and the reasons of each degraded one. Tasks that were skipped or
 * cancelled because of others have no troubles, and neither has a run that a user cancelled.
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
    // The status of a large run lists symbols without stages: the failed stage is the one after the last stage in the ledger.
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
 * The troubles of a task that met changes of venues. Each venue and change has one incident of low severity, which closes after a week
 * without the change. A run without the change proves nothing, because it may not have requested the route.
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

/** The trouble of a run that has missed its deadline or is expected to miss it. All runs of a line share one incident. */
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

interface RootCause {
  readonly fingerprint: string;
  readonly venue: SourceType | null;
}

/** Types of errors that the venue alone causes. Their messages are ignored, because a venue that is down gives many different answers. */
const VENUE_ERRORS: ReadonlySet<string> = new Set<ErrorType>([
  'SourceUnavailable',
  'RateLimited',
  'SourceUnauthorized',
  'SourceBlocked',
  'SourceSchemaChanged',
]);
/** Types of errors whose stage and message are ignored, because the database or the workers are unavailable for every task. */
const MACHINE_ERRORS: ReadonlySet<string> = new Set<ErrorType>(['StorageUnavailable', 'WorkerLost']);

/** Matches `<source> failed (SourceUnavailable): …`, the reason that `collect` gives when it continues without a source. */
const FAILED_SOURCE = /^[a-z][\w.-]* failed \(([A-Z]\w+)\)/;
/** Matches the first words of messages whose rest is a list of cases that differs each time. */
const LISTS = /^(gaps in coverage|\d+ of \d+ rows .*? were quarantined)/;

/** The root cause of a failed task. @param what the stage, or the id of a custom task @param sources names of the run's sources */
export function causeOfFailure(
  what: string,
  taskId: string,
  { type, message }: { type: string; message: string },
  sources: readonly SourceType[],
): RootCause {
  const venue = venueIn(message, sources);
  if (MACHINE_ERRORS.has(type)) return { fingerprint: JSON.stringify(['*', type]), venue: null };
  if (VENUE_ERRORS.has(type) && venue !== null) return { fingerprint: JSON.stringify([what, type, venue]), venue };
  return { fingerprint: JSON.stringify([what, type, generalText(message, taskId)]), venue };
}

interface PartOfFailure {
  readonly type: string;
  readonly message: string;
}

/** Matches the start of each source's part in `<source> failed (SourceUnavailable): …; <source> failed (…): …`, a failure of `collect`. */
const EACH_SOURCE = /(?:^|; )[a-z][\w.-]* failed \(([A-Z]\w+)\): /g;

/** Splits a failure into one per source if all sources of a symbol failed; otherwise returns the failure itself. */
export function partsOfFailure(error: PartOfFailure): readonly PartOfFailure[] {
  const found = [...error.message.matchAll(EACH_SOURCE)];
  if (found[0]?.index !== 0) return [error];
  return found.map((one, i) => ({
    type: one[1],
    message: error.message.slice(one.index + (i === 0 ? 0 : 2), found[i + 1]?.index),
  }));
}

/** The root cause of a degraded success. @param what the stage, or the id of a custom task @param sources names of the run's sources */
export function causeOfDegraded(what: string, taskId: string, reason: string, sources: readonly SourceType[]): RootCause {
  const failed = FAILED_SOURCE.exec(reason);
  if (failed !== null) return causeOfFailure(what, taskId, { type: failed[1], message: reason }, sources);
  const lists = LISTS.exec(reason)?.[1];
  return { fingerprint: JSON.stringify([what, 'degraded', generalText(lists ?? reason, taskId)]), venue: venueIn(reason, sources) };
}

/** The first venue that a message names. The source `file` is ignored, because many messages contain the word. */
function venueIn(message: string, sources: readonly SourceType[]): SourceType | null {
  const words = message.toLowerCase().match(/[a-z][\w-]*/g) ?? [];
  return words.find((word) => word !== 'file' && sources.includes(word)) ?? null;
}
