import { PredictLabError } from './errors.ts';
import { didYouMean } from './text/nearest-name.ts';

/**
 * Refuses fields that nobody would read: a misspelt one would have its default without a word.
 *
 * @param place how the object is called to whoever handed it over
 * @param hint the rest of the sentence where no field is close to the unknown one
 * @throws PredictLabError BadInput, one sentence
 */
export function checkFields(place: string, given: unknown, fields: readonly string[], hint = ''): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new PredictLabError('BadInput', `${place}: write an object { ${fields.join(', ')} }`);
  const unknown = Object.keys(given).find((field) => !fields.includes(field));
  if (unknown !== undefined)
    throw new PredictLabError(
      'BadInput',
      `${place} has no field '${unknown}'; it takes ${fields.join(', ')}${didYouMean(unknown, fields) || hint}`,
    );
}
