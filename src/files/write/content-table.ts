const FIRST_SLOTS = 1 << 16;
const MAX_LOAD = 0.7;
const SIX_BITS = new Uint8Array(128);
for (const [value, code] of Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_').entries())
  SIX_BITS[code] = value;

/** Ten base64url letters of a hash as two 30-bit numbers; never both zero. */
const word = (hash: string, from: number): number => {
  let bits = 0;
  for (let i = from; i < from + 5; i++) bits = (bits << 6) | SIX_BITS[hash.charCodeAt(i)];
  return bits;
};

/**
 * Counts how often each content was met: which copy a row is. Needs memory for every different content: 8 bytes a slot
 * of an open-addressing table, so 12 to 23 bytes a row; copies, which are rare, have a map of their own.
 */
export class ContentTable {
  private keys = new Uint32Array(FIRST_SLOTS * 2);
  private used = 0;
  private readonly copies = new Map<string, number>();

  /**
   * @param hash at least ten base64url letters, as `contentIdentity` makes them
   * @returns how often it was met before
   */
  next(hash: string): number {
    const high = word(hash, 0) + 1;
    const low = word(hash, 5);
    const slot = this.find(high, low);
    if (this.keys[slot] === 0) {
      this.keys[slot] = high;
      this.keys[slot + 1] = low;
      if (++this.used > (this.keys.length / 2) * MAX_LOAD) this.grow();
      return 0;
    }
    const ordinal = (this.copies.get(hash) ?? 0) + 1;
    this.copies.set(hash, ordinal);
    return ordinal;
  }

  /** The slot that holds the key, or the free one where it belongs. */
  private find(high: number, low: number): number {
    const mask = this.keys.length / 2 - 1;
    let slot = (high ^ low) & mask;
    while (this.keys[slot * 2] !== 0 && (this.keys[slot * 2] !== high || this.keys[slot * 2 + 1] !== low)) slot = (slot + 1) & mask;
    return slot * 2;
  }

  private grow(): void {
    const old = this.keys;
    this.keys = new Uint32Array(old.length * 2);
    for (let slot = 0; slot < old.length; slot += 2) {
      if (old[slot] === 0) continue;
      const to = this.find(old[slot], old[slot + 1]);
      this.keys[to] = old[slot];
      this.keys[to + 1] = old[slot + 1];
    }
  }
}
