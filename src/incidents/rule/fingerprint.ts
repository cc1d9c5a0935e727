import type { ErrorType } from '../../contracts/errors.ts';
import { generalText } from '../../contracts/text/general-text.ts';
import type { SourceType } from '../../contracts/words.ts';

export interface RootCause {
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

export interface PartOfFailure {
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
