import type { Json } from '../../contracts/run/pipeline-input.ts';

/** Reading JSON of which nobody knows whether all of it is there: a field that is missing or of another shape is not known. */
export type Fields = Readonly<Record<string, Json>>;

/** A stored value as an object; without fields where it is none. */
export const fieldsOf = (value: Json | undefined): Fields =>
  value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Fields) : {};

/** A stored value as a list; empty where it is none. */
export const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : []);

/** A stored value as a finite number; null where it is none. */
export const numberOf = (value: Json | undefined): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null);

/** A stored value as text; null where it is none. */
export const textOf = (value: Json | undefined): string | null => (typeof value === 'string' ? value : null);

/** The entries whose value is a text. */
export const textsOf = (value: Json | undefined): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(fieldsOf(value)).flatMap(([key, entry]) => (typeof entry === 'string' ? [[key, entry]] : [])));

/** The entries whose value is a number. */
export const numbersOf = (value: Json | undefined): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(fieldsOf(value)).flatMap(([key, entry]) => {
      const number = numberOf(entry);
      return number === null ? [] : [[key, number]];
    }),
  );
