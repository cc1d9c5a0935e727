import { DAY_MS } from '../../contracts/words.ts';
import { VenueError } from '../http/venue-error.ts';

/** One page of a history, newest first; `next` is the cursor of the next, older page. */
interface Page<Row> {
  readonly rows: readonly Row[];
  readonly next: string | null;
}

/** A history in two parts: rows older than a cutoff are on a route of their own, and the cutoff moves with time. */
export interface SplitHistory<Row> {
  readonly venue: string;
  /** The market or markets of the rows, for messages. */
  readonly of: string;
  /** Time before which there are no rows; UTC epoch milliseconds. */
  readonly from: number;
  /** Reads a page of the older or of the newer part. */
  readonly page: (isOlder: boolean, cursor: string | null) => Promise<Page<Row>>;
  /** Returns the cutoff. @param isNew whether to request it again @default false: a remembered cutoff is good enough */
  readonly cutoff: (isNew?: boolean) => Promise<number>;
}

/** Matches a cursor into the older part, which contains the cutoff at the time of the newer part's last page. */
const OLDER = /^older:(\d+):(.*)$/s;
/** Maximum distance that the cutoff may have moved since it was read. */
const STEP_MS = 30 * DAY_MS;

/**
 * Reads the pages of both parts as one history. The cutoff may move forward meanwhile: a row that moves is read at least once, and its id
 * makes two copies one row. Where the cutoff moves back, rows may be on neither route; to detect this, the cursor into the older part
 * contains the cutoff at the newer part's last page.
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

/** Refuses a cutoff that has moved back. @throws VenueError SourceUnavailable where it lies before `before` */
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
