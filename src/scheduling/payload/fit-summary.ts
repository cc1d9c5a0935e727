import { cutText } from '../../contracts/text/cut-text.ts';
import { encodedBytes } from './encoded-bytes.ts';

/**
 * Temporal refuses a summary whose payload has more than 400 bytes, and the workflow task with it. A sealed one has up to 170 bytes
 * around it (`test/secrets/payload-codec.test.ts` measures them).
 */
const SUMMARY_BYTES = 220;

/** A summary as the Web UI shows it, of a size that Temporal takes. */
export function fitSummary(text: string): string {
  let longest = SUMMARY_BYTES;
  let fitted = cutText(text, longest);
  while (encodedBytes(fitted) > SUMMARY_BYTES) {
    longest = Math.floor(longest * 0.8);
    fitted = cutText(text, longest);
  }
  return fitted;
}
