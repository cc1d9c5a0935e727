/** A place in a JSON value that differs. */
export interface ChangedPath {
  /** Path of the place, such as `input.daysBack` or `catalogue.BTC_PRICE.sources.file`. */
  readonly path: string;
  /** null where the place did not exist before. */
  readonly before: unknown;
  /** null where the place no longer exists. */
  readonly after: unknown;
}

/** Lists where two JSON values differ, ordered by path. Lists are compared as a whole, since positions in them carry no meaning. */
export function changedPaths(before: unknown, after: unknown, path = ''): readonly ChangedPath[] {
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return keys.flatMap((key) => changedPaths(before[key], after[key], path === '' ? key : `${path}.${key}`));
  }
  return sameJson(before, after) ? [] : [{ path, before: before ?? null, after: after ?? null }];
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether two JSON values are equal; the order of an object's keys does not matter. */
function sameJson(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) && Array.isArray(other)) return one.length === other.length && one.every((each, i) => sameJson(each, other[i]));
  if (isObject(one) && isObject(other)) {
    const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
    return [...keys].every((key) => sameJson(one[key], other[key]));
  }
  return (one ?? null) === (other ?? null);
}
