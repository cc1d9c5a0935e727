import { DAY_MS } from '../../contracts/words.ts';
import { VenueError } from '../http/venue-error.ts';

/** One page of a history, newest first; `next` is the cursor of the next, older page. */
interface Page<Row> {
  readonly rows: readonly Row[];
  readonly next: string | null;
}

/** A history whose older part is on a route of its own, below a cutoff that moves with time. */
export interface SplitHistory<Row> {
  readonly venue: string;
  /** What the rows belong to, for messages. */
  readonly of: string;
  /** Time before which there are no rows; UTC epoch milliseconds. */
  readonly from: number;
  /** Reads a page of the older or of the newer part. */
  readonly page: (isOlder: boolean, cursor: string | null) => Promise<Page<Row>>;
  /** Returns the cutoff. @param isNew whether it must be read again @default a remembered one will do */
  readonly cutoff: (isNew?: boolean) => Promise<number>;
}

/** A cursor into the older part, with the cutoff at the last page of the newer part. */
const OLDER = /^older:(\d+):(.*)$/s;
/** Largest step by which the cutoff may have moved since it was read. */
const STEP_MS = 30 * DAY_MS;

/**
 * Reads the pages of both parts as one history. The cutoff may move forward meanwhile: a row that moves is on a page that was read already
 * or on an older one, and its id makes it one row on both. Where the cutoff moves back, rows may be on neither route, so the cutoff at the
 * last page of the newer part is a part of the cursor into the older one.
 */
export function splitHistory<Row>(history: SplitHistory<Row>): { readonly read: (cursor: string | null) => Promise<Page<Row>> } {
  const { from, page, cutoff } = history;
  const read = async (cursor: string | null): Promise<Page<Row>> => {
    const [, before, at] = OLDER.exec(cursor ?? '') ?? [];
    const isOlder = before !== undefined;
    const { rows, next } = await page(isOlder, (at ?? cursor) || null);
    if (at === '') await refuseStepBack(history, Number(before));
    if (next !== null) return { rows, next: isOlder ? `older:${before}:${next}` : next };
    if (isOlder || from >= (await cutoff()) + STEP_MS) return { rows, next: null };
    const remembered = await cutoff();
    const below = `older:${Math.max(remembered, await cutoff(true))}:`;
    return rows.length > 0 ? { rows, next: below } : await read(below);
  };
  return { read };
}

/** @throws VenueError SourceUnavailable where the cutoff lies before that of the last page of the newer part */
async function refuseStepBack(
  { venue, of, cutoff }: Pick<SplitHistory<unknown>, 'venue' | 'of' | 'cutoff'>,
  before: number,
): Promise<void> {
  const now = await cutoff(true);
  if (now >= before) return;
  const [from, to] = [before, now].map((time) => new Date(time).toISOString());
  const what = `${venue} moved the cutoff of its older trades back from ${from} to ${to} while those of ${of} were read`;
  throw new VenueError('SourceUnavailable', `${what}, so some may be on neither side; trying again later`, { status: 200 });
}
