import { badInput } from './errors.ts';
import { didYouMean } from './text/nearest-name.ts';

/**
 * Refuses unknown fields: a misspelt one would silently take its default.
 * @param place what the message calls the object
 * @param hint end of the sentence where no known field resembles the unknown one
 * @throws PredictLabError BadInput, one sentence
 */
export function checkFields(place: string, given: unknown, fields: readonly string[], hint = ''): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw badInput(`${place}: write an object { ${fields.join(', ')} }`);
  const unknown = Object.keys(given).find((field) => !fields.includes(field));
  if (unknown !== undefined)
    throw badInput(`${place} has no field '${unknown}'; it takes ${fields.join(', ')}${didYouMean(unknown, fields) || hint}`);
}
