/** Whether a value is an object with fields, neither null nor a list. */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value, or an empty record where it is not a record. */
export const recordOf = (value: unknown): Record<string, unknown> => (isRecord(value) ? value : {});

/** The list in a field, or an empty list where the field has none. */
export function listAt(value: unknown, field: string): readonly unknown[] {
  const list = recordOf(value)[field];
  return Array.isArray(list) ? list : [];
}

/** The strings of the list in a field. */
export const stringsAt = (value: unknown, field: string): string[] => listAt(value, field).filter((item) => typeof item === 'string');

/** Describes a value in the user's words. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'string':
      return `"${value.length > 40 ? `${value.slice(0, 40)}…` : value}"`;
    case 'object':
      return 'an object';
    default:
      return JSON.stringify(value);
  }
}

/** `["tasks", 2, "dependencies", 0]` → `tasks[2].dependencies[0]`; the root is `input`. */
export function fieldPath(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path) text += typeof part === 'number' ? `[${part}]` : text === '' ? String(part) : `.${String(part)}`;
  return text === '' ? 'input' : text;
}
