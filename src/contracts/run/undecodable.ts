/** Field of the object that replaces a payload (input, memo, signal) that can never be decoded; its value says why. */
export const UNDECODABLE_FIELD = '$undecodable';

/** Why a value could not be decoded; undefined for every other value. */
export const undecodableReason = (value: unknown): string | undefined => {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, UNDECODABLE_FIELD)) return undefined;
  return String((value as Readonly<Record<string, unknown>>)[UNDECODABLE_FIELD]);
};
