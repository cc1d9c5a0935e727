import { cutText } from '../../contracts/text/cut-text.ts';

/**
 * Maximum number of bytes of one payload. Temporal refuses a payload of 2 MB, and a workflow that sends one fails its workflow task for
 * ever. Everything that a run sends to Temporal is measured by `encodedBytes` and kept below this limit.
 */
export const PAYLOAD_BUDGET = 1_400_000;

/** Maximum number of bytes of errors and outputs that a run keeps; see `scheduling/run/kept-details.ts`. */
export const DETAIL_BUDGET = 1_100_000;

/** Maximum number of bytes of a config that is carried to the next execution; a larger one is read from the database there. */
export const CARRIED_CONFIG = 300_000;

/** Maximum number of bytes of a config with secrets. It is not stored whole, so it shares one payload with the run's state. */
export const CARRIED_INLINE = 900_000;

/** Size in bytes up to which an output counts as small: outputs above it are dropped first when space is short. */
export const SMALL_OUTPUT = 1_024;

/** Bytes of a value as a Temporal payload: UTF-8 of its JSON, as the default payload converter writes it; 0 for `undefined`. */
export function encodedBytes(value: unknown): number {
  const text = JSON.stringify(value) as string | undefined;
  return text === undefined ? 0 : utf8Bytes(text);
}

/** UTF-8 bytes of a text, without `Buffer`, which the sandbox of workflow code lacks. */
export function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    // A surrogate pair takes four bytes: two for each half.
    bytes += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2;
  }
  return bytes;
}

/** Returns the first texts that fit into `budget` bytes, and after them a text with the number of the others. */
export function fitList(texts: readonly string[], { budget = PAYLOAD_BUDGET, what = 'more' } = {}): readonly string[] {
  let left = budget - 100;
  for (const [index, text] of texts.entries()) {
    left -= encodedBytes(text) + 1;
    if (left < 0) return [...texts.slice(0, index), `and ${texts.length - index} ${what}`];
  }
  return texts;
}

/**
 * Maximum number of bytes of a summary. Temporal refuses one whose payload has more than 400 bytes, and the workflow task with it. Sealing
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
