import type { Json } from '../../contracts/run/pipeline-input.ts';

/** The fields of stored JSON. Any of them may be missing or of another type and then counts as unknown. */
export type Fields = Readonly<Record<string, Json>>;

/** A stored value as an object; an empty one if the value is not an object. */
export const fieldsOf = (value: Json | undefined): Fields =>
  value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Fields) : {};

/** A stored value as a list; empty if the value is not a list. */
export const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : []);

/** A stored value as a finite number; null if it is not one. */
export const numberOf = (value: Json | undefined): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null);

/** A stored value as text; null if it is not text. */
export const textOf = (value: Json | undefined): string | null => (typeof value === 'string' ? value : null);

/** The entries of a stored object whose value is text. */
export const textsOf = (value: Json | undefined): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(fieldsOf(value)).flatMap(([key, entry]) => (typeof entry === 'string' ? [[key, entry]] : [])));

/** The entries of a stored object whose value is a finite number. */
export const numbersOf = (value: Json | undefined): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(fieldsOf(value)).flatMap(([key, entry]) => {
      const number = numberOf(entry);
      return number === null ? [] : [[key, number]];
    }),
  );
