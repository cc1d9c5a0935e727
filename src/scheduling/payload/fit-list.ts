import { PAYLOAD_BUDGET } from './budget.ts';
import { encodedBytes } from './encoded-bytes.ts';

/** Returns as many of the texts as fit into `budget` bytes, then one that counts the rest. */
export function fitList(texts: readonly string[], { budget = PAYLOAD_BUDGET, what = 'more' } = {}): readonly string[] {
  let left = budget - 100;
  for (const [index, text] of texts.entries()) {
    left -= encodedBytes(text) + 1;
    if (left < 0) return [...texts.slice(0, index), `and ${texts.length - index} ${what}`];
  }
  return texts;
}
