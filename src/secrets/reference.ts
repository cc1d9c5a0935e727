/** The field by which a value in a task's arguments names a variable of the worker. */
export const REFERENCE_FIELD = '$env';

/** Whether a value is a reference to a variable, well written or not. */
export const isReference = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, REFERENCE_FIELD);
