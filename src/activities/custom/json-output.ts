import { messageOf, PredictLabError } from '../../contracts/errors.ts';
import type { Json } from '../../contracts/run/pipeline-input.ts';

/** Outputs travel through Temporal and stand in the run's status: small facts, no data. */
const LARGEST_OUTPUT_BYTES = 32 * 1024;

/** JSON leaves these out without a word; left out values (`undefined`) are meant to be. */
function refuseUnstored(key: string, value: unknown): unknown {
  if (typeof value !== 'function' && typeof value !== 'symbol') return value;
  throw new TypeError(`${key === '' ? 'it' : key} is a ${typeof value}`);
}

/**
 * What an activity returned, or passed to `heartbeat`, as JSON holds it.
 *
 * @throws PredictLabError BadInput when JSON cannot hold it, or it is data rather than a fact
 */
export function outputOf(taskId: string, value: unknown, did: 'returned' | 'passed to heartbeat' = 'returned'): Json {
  let text: string | undefined;
  try {
    text = JSON.stringify(value, refuseUnstored);
  } catch (error) {
    throw new PredictLabError('BadInput', `${taskId} ${did} what JSON cannot hold (${messageOf(error).split('\n')[0]}); use plain values`, {
      cause: error,
    });
  }
  if (text === undefined) return null;
  const bytes = Buffer.byteLength(text);
  if (bytes > LARGEST_OUTPUT_BYTES) {
    throw new PredictLabError(
      'BadInput',
      `${taskId} ${did} ${bytes} bytes, and it may be ${LARGEST_OUTPUT_BYTES}; write data to a file or a table and say where it is`,
    );
  }
  return JSON.parse(text) as Json;
}
