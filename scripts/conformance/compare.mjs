import { FIELDS, NOT_READ, PLACES, READ } from './reasons.mjs';

/** Whether two read values are the same: decimals within rounding, ids without regard to case. */
function same(ours, theirs) {
  if (Array.isArray(ours) && Array.isArray(theirs)) return ours.length === theirs.length && ours.every((each, i) => same(each, theirs[i]));
  if (typeof ours === 'number' && theirs !== null) return Math.abs(ours - Number(theirs)) <= 1e-9 * Math.max(1, Math.abs(ours));
  if (typeof ours === 'string' && typeof theirs === 'string') return ours === theirs;
  return (ours ?? null) === (theirs ?? null);
}

/**
 * Compares one answer as both read it.
 *
 * @returns the differences as `{ field, ours, theirs }`; a side that refuses the answer has the field `read`
 */
export function differences(ours, theirs) {
  if (ours.refused && theirs.refused) return [];
  if (ours.refused) return [{ field: 'only theirs reads it', ours: ours.said, theirs: theirs.fields }];
  if (theirs.refused) return [{ field: 'only ours reads it', ours: ours.fields, theirs: theirs.refused }];
  return Object.keys(theirs.fields)
    .filter((field) => field in ours.fields && !same(ours.fields[field], theirs.fields[field]))
    .map((field) => ({ field, ours: ours.fields[field], theirs: theirs.fields[field] }));
}

/** The known reason for a difference; undefined for an unexplained one. */
export function reasonOf({ route, row }, { field, ours, theirs }) {
  if (field !== 'only ours reads it')
    return FIELDS.find((each) => each.route === route && each.field === field && each.fits(row, ours, theirs))?.why;
  // every place of which the client complains must have a reason
  const reasons = theirs.map((place) =>
    READ[route].test(place)
      ? PLACES.find((each) => each.route === route && each.place.test(place) && each.fits(row, place))?.why
      : NOT_READ,
  );
  if (reasons.includes(undefined)) return undefined;
  return reasons.find((why) => why !== NOT_READ) ?? NOT_READ;
}
