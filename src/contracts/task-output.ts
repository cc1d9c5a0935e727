import type { Json } from './pipeline-input.ts';

/** A number in a task's output, where it has one. */
export const numberIn = (output: Json | undefined, key: string): number | null => {
  if (output === null || typeof output !== 'object' || Array.isArray(output)) return null;
  const value = (output as { readonly [key: string]: Json })[key];
  return typeof value === 'number' ? value : null;
};
