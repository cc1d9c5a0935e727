import { badInput, messageOf } from '../../contracts/errors.ts';
import type { Json } from '../../contracts/run/pipeline-input.ts';

/** Maximum size of an output in bytes. Outputs are stored in Temporal's history and the run's status, so they must be small. */
const MAX_OUTPUT_BYTES = 32 * 1024;

/** Rejects values that JSON omits silently, except `undefined`, which is omitted on purpose. */
function refuseUnstored(key: string, value: unknown): unknown {
  if (typeof value !== 'function' && typeof value !== 'symbol') return value;
  throw new TypeError(`${key === '' ? 'it' : key} is a ${typeof value}`);
}

/** The value that an activity returned, or passed to `heartbeat`, as JSON. @throws PredictLabError BadInput unless it is JSON and small */
export function outputOf(taskId: string, value: unknown, did: 'returned' | 'passed to heartbeat' = 'returned'): Json {
  let text: string | undefined;
  try {
    text = JSON.stringify(value, refuseUnstored);
  } catch (error) {
    throw badInput(`${taskId} ${did} a value that JSON cannot represent (${messageOf(error).split('\n')[0]}); use plain values`, {
      cause: error,
    });
  }
  if (text === undefined) return null;
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_OUTPUT_BYTES) {
    throw badInput(
      `${taskId} ${did} ${bytes} bytes, more than the limit of ${MAX_OUTPUT_BYTES}; write data to a file or a table and return where it is`,
    );
  }
  return JSON.parse(text) as Json;
}
