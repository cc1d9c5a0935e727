/** The field of a task's arguments whose value names a variable of the worker's environment. */
export const REFERENCE_FIELD = '$env';

/** Whether a value is a reference to a variable, valid or not. */
export const isReference = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, REFERENCE_FIELD);
