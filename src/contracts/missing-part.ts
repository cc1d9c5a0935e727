import { PredictLabError } from './errors.ts';

/** A file of PredictLab is missing; carries Node.js's code for a missing module. */
export class MissingPartError extends Error {
  override readonly name = 'MissingPartError';
  readonly code = 'MODULE_NOT_FOUND';
}

const MISSING = new Set(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']);

/**
 * A sentence when an error says that a file of PredictLab or a package it needs is missing; undefined for every other error. A missing
 * module of a plugin is a PredictLabError and gets undefined too.
 */
export function missingPart(error: unknown): string | undefined {
  if (!(error instanceof Error) || error instanceof PredictLabError) return undefined;
  if (!('code' in error) || typeof error.code !== 'string' || !MISSING.has(error.code)) return undefined;
  // Node.js lists the requiring modules on further lines
  const [what] = error.message.split('\n');
  return `predictlab is not whole: ${what}; run: npm run build, or where it is installed, npm install predictlab`;
}
