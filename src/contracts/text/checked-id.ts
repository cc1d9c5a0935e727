import { PredictLabError } from '../errors.ts';

/** Temporal takes 1,000 bytes: a symbol's name, or the stamp of a scheduled run, is still added. */
const LONGEST_ID = 200;

/**
 * An id that a user gives to a run or a schedule: something that can be typed, and made longer by what is added to it.
 *
 * @throws PredictLabError BadInput that says what an id may be
 */
export function checkedId(what: 'run' | 'schedule', id: string): string {
  // oxlint-disable-next-line no-control-regex
  if (id.length > 0 && id.length <= LONGEST_ID && id.trim() === id && !/[\u0000-\u001f\u007f]/.test(id)) return id;
  const shown = id.length > 40 ? `${id.slice(0, 40)}…` : id;
  throw new PredictLabError(
    'BadInput',
    `${JSON.stringify(shown)} is no id of a ${what}: write 1 to ${LONGEST_ID} characters without blanks around them${id.length > LONGEST_ID ? ` (this has ${id.length})` : ''}`,
  );
}
