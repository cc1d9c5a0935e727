import type { PastAttempt } from '../../../contracts/task/past-attempt.ts';
import { formatDuration } from '../../elements/format.ts';
import type { TaskSpan } from '../run-facts.ts';

/** A part of a task's time span: an attempt, or the time between two. */
export interface AttemptPiece {
  readonly kind: 'failed' | 'last' | 'between';
  readonly from: number;
  readonly to: number;
  readonly about: string;
}

/** The end of a failed attempt, as text. */
export const attemptEnd = ({ attempt, to, next, error, lostWith }: PastAttempt): string => {
  if (lostWith === undefined) return `attempt ${attempt} failed, ${error}`;
  if (lostWith === null) return `attempt ${attempt} was lost with its worker before the first heartbeat`;
  const missed = next === null ? '' : `, missed ${formatDuration((next - to) / 1000)} after its last heartbeat`;
  return `attempt ${attempt} was lost with worker ${lostWith}${missed}`;
};

/**
 * Splits a task's time span into its attempts and the times between them; empty where it had one attempt, or where the others are not
 * known. Only the last of many attempts are known: the time before them is one piece.
 */
export function attemptPieces({ taskId, from, to, task }: TaskSpan, failed: readonly PastAttempt[]): readonly AttemptPiece[] {
  const known = failed.filter((attempt) => attempt.to >= from && attempt.from <= to);
  if (known.length === 0) return [];
  const pieces: AttemptPiece[] = [];
  let end = from;
  const between = (until: number, about: string): void => {
    if (until > end) pieces.push({ kind: 'between', from: end, to: until, about: `${taskId}: ${about}` });
  };
  for (const one of known) {
    const { attempt, from: begin, to: over } = one;
    const before =
      pieces.length > 0
        ? `waiting for attempt ${attempt}`
        : attempt > 1
          ? `attempts 1 to ${attempt - 1}`
          : one.lostWith === null
            ? 'waiting, or attempt 1'
            : 'waiting for a worker';
    between(begin, before);
    pieces.push({ kind: 'failed', from: Math.max(begin, end), to: over, about: `${taskId}: ${attemptEnd(one)}` });
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
