import { messageOf, PredictLabError } from '../../contracts/errors.ts';
import type { Json } from '../../contracts/run/pipeline-input.ts';

/** Outputs travel through Temporal and stand in the run's status: small facts, no data. */
const LARGEST_OUTPUT_BYTES = 32 * 1024;

/**
 * What an activity returned, as JSON holds it.
 *
 * @throws PredictLabError BadInput when JSON cannot hold it, or it is data rather than a fact
 */
export function outputOf(taskId: string, returned: unknown): Json {
  let text: string | undefined;
  try {
    text = JSON.stringify(returned);
  } catch (error) {
    throw new PredictLabError(
      'BadInput',
      `${taskId} returned what JSON cannot hold (${messageOf(error).split('\n')[0]}); return plain values`,
      {
        cause: error,
      },
    );
  }
  if (text === undefined) return null;
  const bytes = Buffer.byteLength(text);
  if (bytes > LARGEST_OUTPUT_BYTES) {
    throw new PredictLabError(
      'BadInput',
      `${taskId} returned ${bytes} bytes, and a task's output may have ${LARGEST_OUTPUT_BYTES}; write data to a file or a table and return where it is`,
    );
  }
  return JSON.parse(text) as Json;
}
