import type { Json } from '../../../contracts/run/pipeline-input.ts';
import type { PipelineStatus, StatusChanges, TaskError, TaskResult } from '../../../contracts/run/pipeline-status.ts';
import { PAYLOAD_BUDGET } from '../../payload/budget.ts';
import { encodedBytes } from '../../payload/encoded-bytes.ts';
import { fitStatus } from '../../payload/fit-status.ts';
import type { StatusQuestion } from '../run-events.ts';
import { REUSED, type RunState } from '../run-state.ts';
import { attemptsOf } from '../symbol-result.ts';
import { entriesOf, statusFrame, statusOf } from './status.ts';

/** What a task's result is made of, besides the time of the question. */
interface Seen {
  readonly error: TaskError | undefined;
  readonly output: Json | undefined;
  readonly degraded: readonly string[] | undefined;
}

const NOTHING: Seen = { error: undefined, output: undefined, degraded: undefined };

/**
 * Tells what of a run's status has changed since an earlier answer, so that a watcher of a large run is sent what ended, not
 * everything again. Compares the state with what it was at the last question: a run that nobody watches pays nothing, and the
 * scheduler knows nothing of it.
 */
export class StatusRevisions {
  readonly #state: RunState;
  /** Revisions of another one of these say nothing here: a worker may begin anew with the same run. */
  readonly #mark: string;
  readonly #entryOf: Int32Array;
  readonly #changedAt: Float64Array;
  /** Numbers of each task: status, attempts, start, end, root. */
  readonly #numbers: Float64Array;
  readonly #seen: Seen[];
  #revision = 0;

  /** @param mark what tells it from those before and after it */
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
   * What changed since a revision that this gave out; the whole status for any other. Where the whole is too large to travel it is
   * cut as the `status` query's is, and nothing can be told since then.
   */
  since(revision: unknown, question: StatusQuestion): StatusChanges {
    this.#look();
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

  /** Entries in which anything is different from the last look get the next revision. */
  #look(): void {
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

/** A status with what changed since; running tasks have gone on meanwhile. @returns `known` is not needed where `changes` is whole */
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
