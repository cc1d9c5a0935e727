import { cutText } from '../../contracts/text/cut-text.ts';
import { encodedBytes } from './encoded-bytes.ts';

/**
 * Most bytes of a summary. Temporal refuses a summary whose payload has more than 400 bytes, and the workflow task with it. Sealing
 * adds up to 170 bytes (`test/secrets/payload-codec.test.ts` measures them).
 */
const MAX_SUMMARY_BYTES = 220;

/** Cuts a summary for Temporal's Web UI to a size that Temporal accepts. */
export function fitSummary(text: string): string {
  let longest = MAX_SUMMARY_BYTES;
  let fitted = cutText(text, longest);
  while (encodedBytes(fitted) > MAX_SUMMARY_BYTES) {
    longest = Math.floor(longest * 0.8);
    fitted = cutText(text, longest);
  }
  return fitted;
}
