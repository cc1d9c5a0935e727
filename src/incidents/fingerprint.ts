import type { ErrorType } from '../contracts/errors.ts';
import type { SourceType } from '../contracts/words.ts';

/** What a trouble is, apart from whom it hit. */
export interface RootCause {
  readonly fingerprint: string;
  readonly venue: SourceType | null;
}

/** Of these the venue alone is the cause: what it answered to each request varies while it is away. */
const OF_THE_VENUE: ReadonlySet<string> = new Set<ErrorType>([
  'SourceUnavailable',
  'RateLimited',
  'SourceUnauthorized',
  'SourceBlocked',
  'SourceSchemaChanged',
]);
/** Of these neither stage nor message matters: the database or the workers are away for all of them. */
const OF_THE_MACHINE: ReadonlySet<string> = new Set<ErrorType>(['StorageUnavailable', 'WorkerLost']);

/** `polymarket failed (SourceUnavailable): …`, as `collect` says of a source that it went on without. */
const FAILED_SOURCE = /^(polymarket|predict|file) failed \((\w+)\)/;
/** A message that lists its cases after this beginning, differently each time. */
const LISTS = /^(gaps in coverage|\d+ of \d+ rows .*? were quarantined)/;

/** The root cause of a failed task. */
export function causeOfFailure(what: string, taskId: string, { type, message }: { type: string; message: string }): RootCause {
  const venue = venueIn(message);
  if (OF_THE_MACHINE.has(type)) return { fingerprint: JSON.stringify(['*', type]), venue: null };
  if (OF_THE_VENUE.has(type) && venue !== null) return { fingerprint: JSON.stringify([what, type, venue]), venue };
  return { fingerprint: JSON.stringify([what, type, general(message, taskId)]), venue };
}

/** One of several causes of a failure, with the part of its message that tells of it. */
export interface PartOfFailure {
  readonly type: string;
  readonly message: string;
}

/** Where a failure of `collect` names what each of several sources failed with: `polymarket failed (SourceUnavailable): …; predict failed (…): …`. */
const EACH_SOURCE = /(?:^|; )(?:polymarket|predict|file) failed \((\w+)\): /g;

/** The causes that a failure has: of a symbol whose sources have all failed one each, else itself. */
export function partsOfFailure(error: PartOfFailure): readonly PartOfFailure[] {
  const found = [...error.message.matchAll(EACH_SOURCE)];
  if (found[0]?.index !== 0) return [error];
  return found.map((one, i) => ({
    type: one[1],
    message: error.message.slice(one.index + (i === 0 ? 0 : 2), found[i + 1]?.index),
  }));
}

/** The root cause of a degraded success. */
export function causeOfDegraded(what: string, taskId: string, reason: string): RootCause {
  const failed = FAILED_SOURCE.exec(reason);
  if (failed !== null) return causeOfFailure(what, taskId, { type: failed[2], message: reason });
  const lists = LISTS.exec(reason)?.[1];
  return { fingerprint: JSON.stringify([what, 'degraded', general(lists ?? reason, taskId)]), venue: venueIn(reason) };
}

/** A user's own file is no venue, and messages speak of many files. */
const VENUES = ['polymarket', 'predict'] as const satisfies readonly SourceType[];
const VENUE = new RegExp(`\\b(${VENUES.join('|')})\\b`, 'i');

/** The first venue that a message names. */
function venueIn(message: string): SourceType | null {
  const named = VENUE.exec(message)?.[1].toLowerCase();
  return VENUES.find((type) => type === named) ?? null;
}

const LONGEST = 200;

/** A message without what differs from task to task and from run to run: ids, names in quotes, amounts, moments. */
function general(message: string, taskId: string): string {
  const symbol = taskId.includes('/') ? taskId.slice(0, taskId.lastIndexOf('/')) : taskId;
  return message
    .replaceAll(taskId, '…')
    .replaceAll(symbol, '…')
    .replaceAll(/"[^"]*"/g, '…')
    .replaceAll(/0x[0-9a-f]+/gi, '…')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/gi, '…')
    .replaceAll(/\d[\d.,:TZ-]*/g, '…')
    .replaceAll(/\s+/g, ' ')
    .slice(0, LONGEST);
}
