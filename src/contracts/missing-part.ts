import { PredictLabError } from './errors.ts';

/** A file of ours is not there; says so as Node.js does of a module. */
export class MissingPartError extends Error {
  override readonly name = 'MissingPartError';
  readonly code = 'MODULE_NOT_FOUND';
}

const MISSING = new Set(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']);

/**
 * One sentence where an error says that a part of PredictLab, or a package that it stands on, is not there; else undefined. What a
 * plugin lacks is told by an error of ours, and is none of it.
 */
export function missingPart(error: unknown): string | undefined {
  if (!(error instanceof Error) || error instanceof PredictLabError) return undefined;
  if (!('code' in error) || typeof error.code !== 'string' || !MISSING.has(error.code)) return undefined;
  // Node.js adds from where it was required, a line each
  const [what] = error.message.split('\n');
  return `predictlab is not whole: ${what}; run: npm run build, or where it is installed, npm install predictlab`;
}
