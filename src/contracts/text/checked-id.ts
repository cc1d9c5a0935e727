import { badInput } from '../errors.ts';

/** Maximum number of characters of an id. Temporal takes 1,000 bytes, and a symbol's name or the time of a scheduled run is appended. */
const MAX_ID_LENGTH = 200;

/**
 * Returns an id of a run or a schedule if a person can type it and it is short enough to have a symbol or a time appended.
 * @throws PredictLabError BadInput that says what an id may be
 */
export function checkedId(what: 'run' | 'schedule', id: string): string {
  // oxlint-disable-next-line no-control-regex
  if (id.length > 0 && id.length <= MAX_ID_LENGTH && id.trim() === id && !/[\u0000-\u001f\u007f]/.test(id)) return id;
  const shown = id.length > 40 ? `${id.slice(0, 40)}…` : id;
  throw badInput(
    `${JSON.stringify(shown)} is not a valid id of a ${what}: write 1 to ${MAX_ID_LENGTH} characters without blanks around them${id.length > MAX_ID_LENGTH ? ` (this has ${id.length})` : ''}`,
  );
}
