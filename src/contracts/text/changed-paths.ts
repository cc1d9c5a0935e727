/** A place in a JSON value that differs. */
export interface ChangedPath {
  /** `input.daysBack`, `catalogue.BTC_PRICE.sources.polymarket` */
  readonly path: string;
  /** null where it was not there. */
  readonly before: unknown;
  /** null where it is no longer there. */
  readonly after: unknown;
}

/**
 * Where two JSON values differ: object by object down to what is none; lists are compared as a whole, since their places mean
 * nothing. In the order of the paths; empty for equal values.
 */
export function changedPaths(before: unknown, after: unknown, path = ''): readonly ChangedPath[] {
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return keys.flatMap((key) => changedPaths(before[key], after[key], path === '' ? key : `${path}.${key}`));
  }
  return sameJson(before, after) ? [] : [{ path, before: before ?? null, after: after ?? null }];
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whatever the order of an object's keys. */
function sameJson(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) && Array.isArray(other)) return one.length === other.length && one.every((each, i) => sameJson(each, other[i]));
  if (isObject(one) && isObject(other)) {
    const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
    return [...keys].every((key) => sameJson(one[key], other[key]));
  }
  return (one ?? null) === (other ?? null);
}
