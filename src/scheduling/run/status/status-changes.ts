import type { Json } from '../../../contracts/run/pipeline-input.ts';
import type { PipelineStatus, StatusChanges, TaskError, TaskResult } from '../../../contracts/run/pipeline-status.ts';
import { encodedBytes, PAYLOAD_BUDGET } from '../../payload/budget.ts';
import { fitStatus } from '../../payload/fit-status.ts';
import type { StatusQuestion } from '../run-events.ts';
import { REUSED, type RunState } from '../run-state.ts';
import { attemptsOf, entriesOf, statusFrame, statusOf } from './status.ts';

/** The parts of a task's result that are compared by identity. */
interface Seen {
  readonly error: TaskError | undefined;
  readonly output: Json | undefined;
  readonly degraded: readonly string[] | undefined;
}

const NOTHING: Seen = { error: undefined, output: undefined, degraded: undefined };

/**
 * Finds what has changed in a run's status since an earlier answer, so that a client that follows a large run receives only the changes. It
 * compares the state with the state at the last query: a run without queries pays nothing.
 */
export class StatusRevisions {
  readonly #state: RunState;
  /** Prefix of this object's revisions: after a worker restart, another object answers for the same run and must not accept old revisions. */
  readonly #mark: string;
  readonly #entryOf: Int32Array;
  readonly #changedAt: Float64Array;
  /** Six numbers of each task at the last query: status, attempts, start, end, the failed task that caused a skip, and the flag REUSED. */
  readonly #numbers: Float64Array;
  readonly #seen: Seen[];
  #revision = 0;

  /** @param mark distinguishes this object's revisions from those of other objects for the same run */
  constructor(state: RunState, mark: string, detail: StatusQuestion['detail']) {
    this.#state = state;
    this.#mark = mark;
    const { size, entryOf } = entriesOf(state.graph, detail);
    this.#entryOf = entryOf;
    this.#changedAt = new Float64Array(size);
    this.#numbers = new Float64Array(NUMBERS * state.graph.size).fill(-1);
    this.#seen = Array.from({ length: state.graph.size }, () => NOTHING);
  }

  /**
   * Returns what changed since a revision that this object issued; the whole status for any other revision. A status that is too large
   * for one payload is shortened as for the `status` query and has no revision.
   */
  since(revision: unknown, question: StatusQuestion): StatusChanges {
    this.#compare();
    const now = `${this.#mark}.${this.#revision}`;
    const from = this.#numberOf(revision);
    if (from !== undefined) {
      const results: Record<string, TaskResult> = statusOf(this.#state, question, (entry) => this.#changedAt[entry] > from).taskResults;
      const changes = { ...statusFrame(this.#state, question), taskResults: results, revision: now, since: revision as string };
      if (encodedBytes(changes) <= PAYLOAD_BUDGET) return changes;
    }
    const whole = statusOf(this.#state, question);
    const fitting = fitStatus(whole);
    return fitting === whole ? { ...whole, revision: now } : fitting;
  }

  #numberOf(revision: unknown): number | undefined {
    if (typeof revision !== 'string' || !revision.startsWith(`${this.#mark}.`)) return undefined;
    const number = Number(revision.slice(this.#mark.length + 1));
    return Number.isInteger(number) && number >= 0 && number <= this.#revision ? number : undefined;
  }

  /** Assigns the next revision to the entries in which anything differs from the last query. */
  #compare(): void {
    const { status, started, ended, skippedBecause, flags, errors, outputs, degraded, graph } = this.#state;
    const next = this.#revision + 1;
    for (let task = 0; task < graph.size; task++) {
      const numbers = [status[task], attemptsOf(this.#state, task), started[task], ended[task], skippedBecause[task], flags[task] & REUSED];
      let same = true;
      for (let i = 0; i < NUMBERS; i++) {
        const at = task * NUMBERS + i;
        if (Object.is(this.#numbers[at], numbers[i])) continue;
        same = false;
        this.#numbers[at] = numbers[i];
      }
      const seen = this.#seen[task];
      const now = { error: errors.get(task), output: outputs.get(task), degraded: degraded.get(task) };
      if (seen.error !== now.error || seen.output !== now.output || seen.degraded !== now.degraded) {
        same = false;
        this.#seen[task] = now;
      }
      if (same) continue;
      this.#revision = next;
      this.#changedAt[this.#entryOf[task]] = next;
    }
  }
}

const NUMBERS = 6;

/** Merges changes into the known status and updates the durations of running tasks. A whole status replaces the known one. */
export function withChanges(known: PipelineStatus | undefined, { revision: _, since, ...changes }: StatusChanges): PipelineStatus {
  if (since === undefined || known === undefined) return changes;
  const now = Date.parse(changes.startedAt) + Math.round(changes.durationSeconds * 1000);
  const taskResults: Record<string, TaskResult> = { ...known.taskResults, ...changes.taskResults };
  for (const [taskId, task] of Object.entries(taskResults)) {
    if (task.status !== 'running' || !task.startedAt) continue;
    taskResults[taskId] = { ...task, durationSeconds: Math.max(0, now - Date.parse(task.startedAt)) / 1000 };
  }
  return { ...changes, taskResults };
}
