import type { Json } from '../run/pipeline-input.ts';

/** The value of a field in a task's output; undefined where the output has no such field. */
export const valueIn = (output: Json | undefined, key: string): Json | undefined =>
  output === null || typeof output !== 'object' || Array.isArray(output) ? undefined : (output as { readonly [key: string]: Json })[key];

/** A number in a task's output; null where the output has none under that key. */
export const numberIn = (output: Json | undefined, key: string): number | null => {
  const value = valueIn(output, key);
  return typeof value === 'number' ? value : null;
};

/** An object of sentences by name in a task's output, such as `failedSources`; empty where the output has none under that key. */
export const sentencesIn = (output: Json | undefined, key: string): Readonly<Record<string, string>> => {
  const value = valueIn(output, key);
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return {};
  return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
};

/** A list of sentences in a task's output, such as `venueChanges`; empty where the output has none under that key. */
export const textsIn = (output: Json | undefined, key: string): readonly string[] => {
  const value = valueIn(output, key);
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : [];
};
