import type { PastAttempt } from '../../../contracts/run/past-attempt.ts';
import type { TaskSpan } from '../run-facts.ts';

/** A part of a task's time: an attempt, or what lies between two. */
export interface AttemptPiece {
  readonly kind: 'failed' | 'last' | 'between';
  readonly from: number;
  readonly to: number;
  readonly about: string;
}

/**
 * A task's time as its attempts and what lies between them; empty where it had one attempt, or where nobody noted the others. Of many
 * attempts the last ones are known: what lies before them is one piece.
 */
export function attemptPieces({ taskId, from, to, task }: TaskSpan, failed: readonly PastAttempt[]): readonly AttemptPiece[] {
  const known = failed.filter((attempt) => attempt.to >= from && attempt.from <= to);
  if (known.length === 0) return [];
  const pieces: AttemptPiece[] = [];
  let end = from;
  const between = (until: number, about: string): void => {
    if (until > end) pieces.push({ kind: 'between', from: end, to: until, about: `${taskId}: ${about}` });
  };
  for (const { attempt, from: begin, to: over, error } of known) {
    const before =
      pieces.length > 0 ? `waiting for attempt ${attempt}` : attempt > 1 ? `attempts 1 to ${attempt - 1}` : 'waiting for a worker';
    between(begin, before);
    pieces.push({ kind: 'failed', from: Math.max(begin, end), to: over, about: `${taskId}: attempt ${attempt} failed, ${error}` });
    end = Math.max(end, over);
  }
  const { attempt, next } = known[known.length - 1];
  const last = task.attempts ?? 1;
  if (task.status === 'failed' && last <= attempt) return pieces;
  if (task.status === 'pending') {
    between(to, 'waiting for its next attempt');
    return pieces;
  }
  between(Math.min(next ?? end, to), `waiting for attempt ${attempt + 1}`);
  end = Math.max(end, Math.min(next ?? end, to));
  if (to > end) pieces.push({ kind: 'last', from: end, to, about: `${taskId}: attempt ${Math.max(last, attempt + 1)}, ${task.status}` });
  return pieces;
}
